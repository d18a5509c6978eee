"""What the cluster module costs: its share of a training step; time and memory over batch and number of clusters."""

import math
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.experiments.benchmarks.harness import Column, Way, comparison, measure, peak_mb
from tfelc.experiments.options import ConfigOption, OutOption, SettingsOption, TaskOption
from tfelc.experiments.table import Table

_BATCHES = (512, 8_192, 65_536)
_COUNTS = (20, 512, 4_096)
_WARM_UP = 3
_STEP_COLUMNS = (
    Column("B, ms", "without_ms", ".1f"),
    Column("B + ELCM, ms", "with_ms", ".1f"),
    Column("share of the whole module", "share", ".1%"),
    Column("of it the clusters alone", "layer_share", ".1%"),
)
_LAYER_COLUMNS = (
    Column("ms", "ms", ",.1f"),
    Column("ns a row and cluster", "ns", ".2f"),
    Column("memory, MB", "memory_mb"),
    Column("of a (rows x clusters) tensor", "tensors", ".1f"),
)


def clusters(
    data: Annotated[Path | None, typer.Option(help="Prepared dataset. Defaults to a log simulated for this.")] = None,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    task: TaskOption = "ctr,cvr",
    batch_size: Annotated[int, typer.Option(min=1, help="Rows of the training step.")] = 8_192,
    rounds: Annotated[int, typer.Option(min=3, help="Steps of each model, in turn.")] = 25,
    grid: Annotated[bool, typer.Option(help="Also measure the layer over batch and number of clusters.")] = True,
    out: OutOption = Path("results/clusters.json"),
) -> None:
    """Times a training step of B and of B + ELCM in turn, and the layer alone on ever larger inputs."""
    from rich.console import Console

    from tfelc.data.dataset import Dataset
    from tfelc.experiments.benchmarks.training import simulated
    from tfelc.experiments.result_file import publish
    from tfelc.ranker.settings import RankerSettings

    console = Console()
    whole, plain = (
        RankerSettings.load(config, [*(settings or []), f"training.batch_size={batch_size}", *more]).to_dict()
        for more in ((), ("model.clusters.num_clusters=0",))
    )
    with tempfile.TemporaryDirectory() as folder:
        dataset = Dataset(data or simulated(Path(folder) / "data", 120_000))
        arguments = {"data": dataset.path, "task": task, "settings": whole, "plain": plain, "rounds": rounds}
        step = measure({"step": Way(f"{batch_size:,} rows", training_step, arguments)}, console)
    cells = [(count, batch) for count in _COUNTS for batch in _BATCHES] if grid else []
    ways = {
        f"{count}-{batch}": Way(
            f"{count:,} clusters, {batch:,} rows", layer, {"settings": whole, "size": (batch, count)}
        )
        for count, batch in cells
    }
    result = {"data_hash": dataset.hash, "config": whole, "rounds": rounds, "step": step}
    publish(out, "clusters", {**result, "layer": measure(ways, console)}, console)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """The training step, and the layer over batch and number of clusters."""
    found = [comparison(f"training step, medians of {result['rounds']}", result["step"], _STEP_COLUMNS)]
    if result["layer"]:
        found.append(comparison("the layer alone, forward and backward", result["layer"], _LAYER_COLUMNS))
    return found


def training_step(
    data: str, task: str, settings: dict[str, Any], plain: dict[str, Any], rounds: int
) -> dict[str, float]:
    """Times a training step of B, of B + ELCM and of the clusters alone, in turn, on one batch in memory."""
    import tensorflow as tf

    from tfelc.experiments.benchmarks.training import started

    def step(folder: str, chosen: dict[str, Any]) -> Callable[[], Any]:
        training = started(folder, data, task, chosen)
        batch = next(iter(training.batches.epoch(0)))
        train = tf.function(training.trainer.train_step)
        return lambda: train(batch)["loss"].numpy()

    with tempfile.TemporaryDirectory() as folder:
        steps = {"without": step(f"{folder}/without", plain), "with": step(f"{folder}/with", settings)}
        seconds = _in_turn({**steps, "layer": _layer_step(settings)}, rounds)

    def share(name: str) -> float:
        # Neighbors in time are compared: the machine's speed drifts more than the module weighs.
        return statistics.median(part / whole for part, whole in zip(seconds[name], seconds["with"], strict=True))

    found = {f"{name}_ms": 1e3 * statistics.median(of) for name, of in seconds.items()}
    return {**found, "share": 1 - share("without"), "layer_share": share("layer")}


def layer(settings: dict[str, Any], size: tuple[int, int]) -> dict[str, float]:
    """Times the layer forward and backward on `(rows, clusters)`, and measures what its memory adds to the process."""
    _layer_step(settings, (64, 4))()
    before, cells = peak_mb(), size[0] * size[1]
    seconds = statistics.median(_in_turn({"": _layer_step(settings, size)}, 3 if cells > 10_000_000 else 30)[""])
    memory = peak_mb() - before
    # Of a small one the process's other needs are the larger part.
    tensors = memory * 2**20 / (4 * cells) if cells > 10_000_000 else math.nan
    return {"ms": 1e3 * seconds, "ns": 1e9 * seconds / cells, "memory_mb": memory, "tensors": tensors}


def _layer_step(settings: dict[str, Any], size: tuple[int, int] | None = None) -> Callable[[], Any]:
    """A training step of the layer alone, with a gradient to its inputs, on random embeddings.

    `size` is `(rows, clusters)`; None is that of the settings.
    """
    import numpy as np
    import tensorflow as tf

    from tfelc.layers.learnable_clusters import LearnableClusters
    from tfelc.ranker.settings import RankerSettings

    config = RankerSettings.model_validate(settings)
    chosen = config.model.clusters
    batch, count = size or (config.training.batch_size, chosen.num_clusters)
    clusters = LearnableClusters(**{**chosen.layer_arguments(), "num_clusters": count})
    clusters.build((None, chosen.dim))
    rng = np.random.default_rng(0)
    rows = tf.Variable(rng.normal(size=(batch, chosen.dim)).astype("float32"))
    wanted = tf.constant(rng.normal(size=count).astype("float32"))

    @tf.function
    def train() -> Any:
        with tf.GradientTape() as tape:
            out = clusters(rows, training=True)
            target = tf.reduce_mean(tf.linalg.matvec(out["assignment"], wanted)) + sum(clusters.losses)
        variables = [rows, *(weight.value for weight in clusters.trainable_weights)]
        return [tf.reduce_sum(gradient) for gradient in tape.gradient(target, variables)]

    return lambda: [value.numpy() for value in train()]


def _in_turn(steps: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each step, one after another, the first rounds left out."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(_WARM_UP + rounds):
        for name, take in steps.items():
            began = time.perf_counter()
            take()
            seconds[name].append(time.perf_counter() - began)
    return {name: of[_WARM_UP:] for name, of in seconds.items()}
