"""Training steps of the models on random arrays, on whatever backend Keras has, and the matrix products in them.

What imports Keras is imported in the functions: it is the process that they run in which has the backend.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tfelc.experiments.benchmarks.harness import peak_mb

# Rows of a table of users or items, as a middling log has them; and a catalog of the size of Amazon Beauty.
TABLE_ROWS, EMBEDDING_DIM = 100_000, 16
_ITEMS, _LENGTH = 12_101, 50
_BATCHES, _LONGEST = 3, 300

# (groups, rows, inner, outer) of a product.
Shape = tuple[int, int, int, int]


def device() -> str:
    """What is computed on."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return str(jax.devices()[0].device_kind)
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    return str(tf.config.experimental.get_device_details(found[0]).get("device_name", "GPU")) if found else "cpu"


def training_step(model: str, rows: int, precision: str, xla: bool, seconds: float) -> dict[str, float]:
    """A step of Keras's `fit` with Adam, of the ranker or a next-item model, on a few batches again and again."""
    import keras

    keras.config.set_dtype_policy(precision)
    trainer, arrays = _trainer(model, rows * _BATCHES)
    trainer.compile(keras.optimizers.Adam(0.001), jit_compile=xla)

    def fit() -> int:
        trainer.fit(**arrays, batch_size=rows, verbose=0, shuffle=False)
        return _BATCHES

    return figures(fit, rows, seconds)


def products(model: str, rows: int, precision: str, seconds: float) -> dict[str, float]:
    """The matrix products of a step alone, forward and backward: what no implementation of the model leaves out."""
    import keras
    from keras import ops

    trainer, _ = _trainer(model, 1)
    dtype = "bfloat16" if precision == "mixed_bfloat16" else "float32"
    shapes = _ranker_products(trainer, rows) if model == "ranker" else _next_item_products(trainer, model, rows)
    factors = [
        [keras.random.normal(shape, dtype=dtype) for shape in ((groups, n, k), (groups, k, m), (groups, n, m))]
        for groups, n, k, m in shapes
    ]

    def step(factors: Any) -> list[Any]:
        found = []
        for left, right, upstream in factors:
            of_left = ops.matmul(upstream, ops.transpose(right, (0, 2, 1)))
            of_right = ops.matmul(ops.transpose(left, (0, 2, 1)), upstream)
            # Each has a reader, without which it would not be computed.
            found += [ops.max(one) for one in (ops.matmul(left, right), of_left, of_right)]
        return found

    compiled = _compiled(step)

    def once() -> int:
        keras.ops.convert_to_numpy(compiled(factors)[-1])
        return 1

    return figures(once, rows, seconds)


def figures(steps: Callable[[], int], rows: int, seconds: float) -> dict[str, float]:
    """Median time of a step, rows a second, and memory: of the GPU where there is one, else of the process.

    Args:
        steps: Takes some steps, and says how many. It is called twice before it counts.
        rows: Rows of a step.
        seconds: About how long it is measured.
    """
    steps()
    steps()
    spent: list[float] = []
    while sum(spent) < seconds and len(spent) < _LONGEST:
        began = time.perf_counter()
        count = steps()
        spent += [(time.perf_counter() - began) / count] * count
    step = float(np.median(spent))
    return {"step_ms": 1e3 * step, "rows_per_second": rows / step, "peak_mb": _device_mb() or peak_mb()}


def ranker_parts() -> tuple[Any, dict[str, Any], dict[str, int]]:
    """Schema, statistics of its numbers and rows of its tables, as they are for the simulated log."""
    from tfelc.ranker.data.simulated_log import SCHEMA_FILE
    from tfelc.schema.schema import Schema

    schema = Schema.load(SCHEMA_FILE)
    numbers = {
        name: {"mean": 0.0, "variance": 1.0, "missing": False}
        for name, column in schema.features.items()
        if column.kind == "number"
    }
    tables = {schema.table_of(name)[0]: TABLE_ROWS for name, column in schema.features.items() if column.is_embedded}
    return schema, numbers, tables


def _trainer(model: str, rows: int) -> tuple[Any, dict[str, Any]]:
    return _ranker(rows) if model == "ranker" else _next_item(model, rows)


def _ranker(rows: int) -> tuple[Any, dict[str, Any]]:
    import keras

    from tfelc.features.random_features import random_features
    from tfelc.ranker.models.multi_task_model import MultiTaskModel
    from tfelc.ranker.training.ranker_array_trainer import RankerArrayTrainer

    schema, numbers, tables = ranker_parts()
    tasks = list(schema.tasks)
    settings = {"linear": True, "embedding_dim": EMBEDDING_DIM}
    model = MultiTaskModel(schema, numbers, tables, tasks, settings, dtype=keras.config.dtype_policy())
    model.build()
    features = random_features(schema, tables, EMBEDDING_DIM, rows, seed=0)
    labels = {task: np.random.default_rng(1).integers(0, 2, rows).astype("float32") for task in tasks}
    return RankerArrayTrainer(model, schema), {"x": features, "y": labels}


def _next_item(name: str, rows: int) -> tuple[Any, dict[str, Any]]:
    from tfelc.next_item.default_settings import default_settings
    from tfelc.next_item.training.next_item_array_trainer import NextItemArrayTrainer

    settings = default_settings("beauty", [f"model.name={name}"])
    model = settings.model.create(_ITEMS, _LENGTH, np.ones(_ITEMS, np.int64), seed=0)
    random = np.random.default_rng(0)
    items = random.integers(1, _ITEMS + 1, (rows, _LENGTH + 1)).astype("int32")
    items[:, :-1] *= np.arange(_LENGTH) >= random.integers(0, _LENGTH, (rows, 1))
    return NextItemArrayTrainer(model), {"x": {"items": items[:, :-1], "targets": items[:, -1]}}


def _ranker_products(trainer: Any, rows: int) -> list[Shape]:
    kernels = [variable.shape for variable in trainer.trainable_variables if variable.name.endswith("kernel")]
    found = [(1, rows, *shape) if len(shape) == 2 else (shape[0], rows, *shape[1:]) for shape in kernels]
    clusters, dim = trainer.ranker.network.clusters.centers.shape
    return [*found, (1, rows, dim, clusters)]


def _next_item_products(trainer: Any, name: str, rows: int) -> list[Shape]:
    """Only the last position goes through the kernels, and attends to all others."""
    model = trainer.recommender
    dim, heads = model.dim, model.settings.encoder.num_heads
    kernels = [variable.shape for variable in trainer.trainable_variables if variable.name.endswith("kernel")]
    encoded = [*((1, rows, *shape) for shape in kernels), (rows, heads, dim, _LENGTH), (rows, heads, _LENGTH, dim)]
    scored = (1, rows, dim, _ITEMS + 1)
    if name == "sasrec":
        return [*encoded, scored]
    # ELCRec's contrast has a second view of each history, and compares all of a batch.
    return [*encoded, *encoded, scored, (1, rows, dim, rows), (1, rows, dim, model.clusters.num_clusters)]


def _compiled(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    import keras

    if keras.backend.backend() == "jax":
        import jax

        of_jax: Callable[[Any], Any] = jax.jit(function)
        return of_jax
    import tensorflow as tf

    of_tensorflow: Callable[[Any], Any] = tf.function(function, autograph=False)
    return of_tensorflow


def _device_mb() -> float | None:
    """The most memory of a GPU that was in use, MiB; None where there is none."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        peak = (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    else:
        import tensorflow as tf

        found = tf.config.list_physical_devices("GPU")
        peak = tf.config.experimental.get_memory_info("GPU:0")["peak"] if found else None
    return peak / 2**20 if peak else None
