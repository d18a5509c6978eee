"""How fast training is: from Parquet, on tensors already in memory, beside DeepCTR, and on tables too large to load."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tfelc.experiments.benchmarks.deepctr import deepctr
from tfelc.experiments.benchmarks.harness import STEPS_LEFT_OUT, Meter, Way, comparison, measure, rate_columns
from tfelc.experiments.options import ConfigOption, OutOption, RoundsOption, SettingsOption, TaskOption
from tfelc.experiments.table import Table

if TYPE_CHECKING:
    from tfelc.ranker.training.ranker_trainable import RankerTrainable

_LARGE_USERS = 2_000_000
_KEPT_BATCHES = 200
# What DeepCTR's MMOE has none of.
_DEEPCTR_PARTS = ("model.clusters.num_clusters=0", "model.interactions=false", "model.embedding_dropout=0")


def training(
    data: Annotated[Path | None, typer.Option(help="Prepared dataset. Defaults to a log simulated for this.")] = None,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    task: TaskOption = "ctr,cvr",
    rows: Annotated[int, typer.Option(min=100_000, help="Rows of the simulated log.")] = 1_000_000,
    rounds: RoundsOption = 3,
    steps: Annotated[int, typer.Option(min=30, help=f"Steps of a run; the first {STEPS_LEFT_OUT} are left out.")] = 120,
    large: Annotated[int, typer.Option(help="Rows of a log of 2 million users, to compare with --rows.")] = 0,
    out: OutOption = Path("results/training.json"),
) -> None:
    """Rows per second of one training epoch, each way in a fresh process, in turn."""
    from rich.console import Console

    from tfelc.data.dataset import Dataset
    from tfelc.experiments.result_file import publish
    from tfelc.ranker.settings import RankerSettings

    console = Console()
    whole, plain = (RankerSettings.load(config, [*(settings or []), *more]).to_dict() for more in ((), _DEEPCTR_PARTS))
    result: dict[str, Any] = {"config": whole, "rounds": rounds}
    with tempfile.TemporaryDirectory(prefix="tfelc-benchmark-") as temporary:
        folder = Path(temporary)
        with console.status(f"simulating {rows:,} rows"):
            dataset = Dataset(data or simulated(folder / "small", rows))
        common = {"data": dataset.path, "task": task, "settings": whole, "steps": steps}
        parquet, memory = {**common, "in_memory": False}, {**common, "in_memory": True}
        ways = {
            "parquet": Way("tfelc, from Parquet with raw strings", epoch, parquet),
            "memory": Way("tfelc, encoded tensors in memory", epoch, memory),
            "baseline": Way("the same, only DeepCTR's parts", epoch, {**memory, "settings": plain}),
            "deepctr": Way("DeepCTR's MMOE, arrays in memory", deepctr, common, {"TF_USE_LEGACY_KERAS": "1"}),
        }
        result |= {"data_hash": dataset.hash, "steps": steps, "ways": measure(ways, console, rounds, "memory")}
        if large:
            scale = {}
            for count in (rows, large):
                with console.status(f"simulating {count:,} rows"):
                    path = _hashed_users(simulated(folder / f"scale-{count}", count, _LARGE_USERS))
                label = f"tfelc, {count:,} rows, 2 million users, whole epoch"
                scale[str(count)] = Way(label, epoch, {**parquet, "data": path, "steps": None})
            result["scale"] = measure(scale, console, reference=str(rows))
    publish(out, "training", result, console)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """Rates and memory of each way, and of the large table beside the small one."""
    found = [comparison(f"training, medians of {result['rounds']} rounds", result["ways"], rate_columns("of memory's"))]
    if "scale" in result:
        found.append(comparison("small and large table", result["scale"], rate_columns("of the small one's")))
    return found


def simulated(path: Path, rows: int, users: int | None = None) -> Path:
    """Writes a simulated log."""
    from tfelc.ranker.data import simulated_log

    simulated_log.prepare(rows=rows, seed=7, out=path, users=users)
    return path


def started(folder: str, data: str, task: str, settings: dict[str, Any]) -> "RankerTrainable":
    """A ranker that has not been trained yet, with its run in a new folder."""
    from rich.console import Console

    from tfelc.data.dataset import Dataset
    from tfelc.ranker.settings import RankerSettings
    from tfelc.ranker.training.train import create_training

    chosen = RankerSettings.model_validate(settings)
    return create_training(Dataset(Path(data)), task.split(","), chosen, Path(folder), Console(quiet=True)).trainable


def _hashed_users(data: Path) -> Path:
    """Hashes the users, as one does with ids that keep coming: two tables then have the same embedding table."""
    from tfelc.data.dataset import Dataset
    from tfelc.schema.embedding_table import EmbeddingTable

    schema = Dataset(data).schema
    table = schema.table_of(str(schema.user_key))[0]
    hashed = schema.model_copy(update={"tables": {**schema.tables, table: EmbeddingTable(hash_buckets=_LARGE_USERS)}})
    (data / "schema.yaml").write_text(hashed.dump(), encoding="utf-8")
    return data


def epoch(data: str, task: str, settings: dict[str, Any], steps: int | None, in_memory: bool) -> dict[str, float]:
    """Trains one epoch, or `steps` of it, from Parquet or on encoded tensors in memory, the first steps left out."""
    import keras
    import tensorflow as tf

    from tfelc.ranker.settings import RankerSettings

    with tempfile.TemporaryDirectory() as folder:
        training = started(f"{folder}/run", data, task, settings)
        batches, available = training.batches.epoch(0), training.batches.steps
        if in_memory:
            # As many different batches as a gigabyte or so holds; the rest of the epoch repeats them.
            kept = [*batches.take(min(available - 1, _KEPT_BATCHES))]
            stacked = tf.nest.map_structure(lambda *parts: tf.stack(parts), *kept)
            batches = tf.data.Dataset.from_tensor_slices(stacked).repeat().prefetch(2)
        count = min(steps or available, available)
        meter = Meter()
        clock = keras.callbacks.LambdaCallback(on_train_batch_end=meter.start_late)
        training.trainer.fit(batches, steps_per_epoch=count, epochs=1, verbose=0, shuffle=False, callbacks=[clock])
        meter.stop()
    return meter.rates((count - STEPS_LEFT_OUT) * RankerSettings.model_validate(settings).training.batch_size)
