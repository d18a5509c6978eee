"""One measurement of the cluster module: `python -m ...clusters_run step | layer ROWS CLUSTERS`.

Prints one JSON object.
"""

import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.core.command_line import run
from tfelc.core.tensorflow_start import load_tensorflow

_WARM_UP = 3
_Settings = Annotated[list[str] | None, typer.Option("--set")]

app = typer.Typer(add_completion=False)


@app.command()
def step(
    batch_size: int = 8_192,
    rounds: int = 25,
    data: Path | None = None,
    task: str = "ctr,cvr",
    config: Path | None = None,
    settings: _Settings = None,
) -> None:
    """Times a training step of B, of B + ELCM and of the clusters alone, in turn, on one batch in memory."""
    load_tensorflow()

    import tensorflow as tf
    from rich.console import Console

    from tfelc.data.dataset import Dataset
    from tfelc.ranker.data import simulated_log as simulated
    from tfelc.ranker.settings import RankerSettings
    from tfelc.ranker.training.train import create_training

    chosen = [*(settings or []), f"training.batch_size={batch_size}"]
    with tempfile.TemporaryDirectory() as folder:
        path = data or Path(folder) / "data"
        if data is None:
            simulated.prepare(rows=120_000, seed=7, out=path)
        steps: dict[str, Callable[[], Any]] = {}
        for name, more in (("without", ["model.clusters.num_clusters=0"]), ("with", [])):
            resolved = RankerSettings.load(config, [*chosen, *more])
            created = create_training(
                Dataset(path), task.split(","), resolved, Path(folder) / name, Console(quiet=True)
            )
            started = created.trainable
            batch = next(iter(started.batches.epoch(0)))
            train = tf.function(started.trainer.train_step)
            steps[name] = lambda train=train, batch=batch: train(batch)["loss"].numpy()
        clusters = resolved.model.clusters
        steps["layer"] = _layer_step(batch_size, clusters.num_clusters, resolved)
        seconds = _in_turn(steps, rounds)
    medians = {name: 1e3 * statistics.median(found) for name, found in seconds.items()}
    # Neighbors in time are compared: the machine's speed drifts more than the module weighs.
    shares = [1 - without / whole for without, whole in zip(seconds["without"], seconds["with"], strict=True)]
    alone = [layer / whole for layer, whole in zip(seconds["layer"], seconds["with"], strict=True)]
    found = {f"{name}_ms": value for name, value in medians.items()}
    found |= {"share": statistics.median(shares), "layer_share": statistics.median(alone), "batch_size": batch_size}
    print(json.dumps(found | {"clusters": clusters.model_dump(mode="json"), "rounds": rounds}))


@app.command()
def layer(batch: int, count: int, config: Path | None = None, settings: _Settings = None) -> None:
    """Times the layer forward and backward, and measures what its memory adds to the process."""
    from tfelc.ranker.settings import RankerSettings

    load_tensorflow()
    resolved = RankerSettings.load(config, settings or [])
    _layer_step(64, 4, resolved)()
    before = _peak_mb()
    steps = {"layer": _layer_step(batch, count, resolved)}
    found = _in_turn(steps, 3 if batch * count > 10_000_000 else 30)["layer"]
    result = {"batch": batch, "count": count, "ms": 1e3 * statistics.median(found), "memory_mb": _peak_mb() - before}
    print(json.dumps(result | {"dim": resolved.model.clusters.dim}))


def _layer_step(batch: int, count: int, config: Any) -> Callable[[], Any]:
    """A training step of the cluster layer alone, with a gradient to its inputs, on random embeddings."""
    import numpy as np
    import tensorflow as tf

    from tfelc.layers.learnable_clusters import LearnableClusters

    chosen = config.model.clusters
    clusters = LearnableClusters(
        count,
        alpha=chosen.alpha,
        objective=chosen.objective,
        temperature=chosen.temperature,
        momentum=chosen.momentum,
        merge=chosen.merge,
    )
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


def _in_turn(steps: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each step, one after another, the first rounds left out."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(_WARM_UP + rounds):
        for name, take in steps.items():
            started = time.perf_counter()
            take()
            if number >= _WARM_UP:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    run(app)
