"""One measured training run, in a process of its own: `python -m tfelc.experiments.benchmarks.training_run WAY DATA`.

Prints one JSON object: rows per second and a CPU second after the first 20 steps, and the peak memory of the process.
Exit code 3: what the way needs is not installed.
"""

import json
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.core.command_line import run

_STEPS_LEFT_OUT = 20

app = typer.Typer(add_completion=False)


@app.command()
def measure(
    way: Annotated[str, typer.Argument(help="parquet, memory, baseline or deepctr.")],
    data: Path,
    task: str = "ctr,cvr",
    config: Path | None = None,
    settings: Annotated[list[str] | None, typer.Option("--set")] = None,
    steps: int | None = None,
) -> None:
    """Trains one epoch, or `--steps` of it, and prints the rate."""
    if way == "deepctr":
        from tfelc.experiments.benchmarks.deepctr_mmoe import rates

        rows, seconds, cpu_seconds = rates(data, task.split(","), config, settings or [], steps, _STEPS_LEFT_OUT)
    else:
        rows, seconds, cpu_seconds = _tfelc(way, data, task.split(","), config, settings or [], steps)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows_per_second": rows / seconds, "rows_per_cpu_second": rows / cpu_seconds, "peak_mb": peak}))


def _tfelc(
    way: str, data: Path, heads: list[str], config: Path | None, settings: list[str], steps: int | None
) -> tuple[int, float, float]:
    import keras
    import tensorflow as tf
    from rich.console import Console

    from tfelc.data.dataset import Dataset
    from tfelc.ranker.settings import RankerSettings
    from tfelc.ranker.training.train import create_training

    class Clock(keras.callbacks.Callback):
        started = cpu_started = 0.0

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch + 1 == _STEPS_LEFT_OUT:
                self.started, self.cpu_started = time.perf_counter(), time.process_time()

    if way == "baseline":
        # What DeepCTR's MMOE has none of.
        settings = [*settings, "model.clusters.num_clusters=0", "model.interactions=false", "model.embedding_dropout=0"]
    chosen = RankerSettings.load(config, settings)
    with tempfile.TemporaryDirectory() as folder:
        started = create_training(Dataset(data), heads, chosen, Path(folder) / "run", Console(quiet=True)).trainable
        batches = started.batches.epoch(0)
        available = started.batches.steps
        if way != "parquet":
            # As many different batches as a gigabyte or so holds; the rest of the epoch repeats them.
            kept = [*batches.take(min(available - 1, 200))]
            stacked = tf.nest.map_structure(lambda *parts: tf.stack(parts), *kept)
            batches = tf.data.Dataset.from_tensor_slices(stacked).repeat().prefetch(2)
        count = min(steps or available, available)
        clock = Clock()
        started.trainer.fit(batches, steps_per_epoch=count, epochs=1, verbose=0, shuffle=False, callbacks=[clock])
        seconds, cpu_seconds = time.perf_counter() - clock.started, time.process_time() - clock.cpu_started
    return (count - _STEPS_LEFT_OUT) * chosen.training.batch_size, seconds, cpu_seconds


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    run(app)
