"""How fast training is: from Parquet, on tensors already in memory, beside DeepCTR, and on tables too large to load."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.experiments.benchmarks.deepctr import deepctr
from tfelc.experiments.benchmarks.harness import Column, Way, comparison, measure
from tfelc.experiments.benchmarks.meter import STEPS_LEFT_OUT, Meter
from tfelc.experiments.options import ConfigOption, OutOption, RoundsOption, SettingsOption, TaskOption
from tfelc.experiments.table import Table

_LARGE_USERS = 2_000_000
_KEPT_BATCHES = 200
# What DeepCTR's MMOE has none of.
_DEEPCTR_PARTS = ("model.clusters.count=0", "model.interactions=false", "model.embedding_dropout=0")
_COLUMNS = (
    Column("rows/s", "rows_per_second"),
    Column("of memory's", "rows_per_second", ".0%", "ratio"),
    Column("rows/CPU s", "rows_per_cpu_second"),
    Column("peak memory, MB", "peak_mb"),
)


def training(
    data: Annotated[
        Path | None, typer.Option(help="Prepared dataset. Defaults to a simulated log of --rows rows.")
    ] = None,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    task: TaskOption = "ctr,cvr",
    rows: Annotated[int, typer.Option(min=100_000, help="Rows of the simulated log.")] = 1_000_000,
    rounds: RoundsOption = 3,
    steps: Annotated[int, typer.Option(min=30, help=f"Steps of a run; the first {STEPS_LEFT_OUT} are left out.")] = 120,
    large: Annotated[
        int, typer.Option(help="Rows of a second simulated log with 2 million users, to compare with --rows; 0: none.")
    ] = 0,
    out: OutOption = Path("results/training.json"),
) -> None:
    """Rows per second of one training epoch, each way in a fresh process, in turn."""
    from rich.console import Console

    from tfelc.data.dataset import Dataset
    from tfelc.experiments.benchmarks.rankers import simulated
    from tfelc.experiments.result_file import publish
    from tfelc.ranker.settings import Config

    console = Console()
    whole, plain = (
        Config.load(config, [*(settings or []), *more]).model_dump(mode="json") for more in ((), _DEEPCTR_PARTS)
    )
    result: dict[str, Any] = {"config": whole, "rounds": rounds}
    with tempfile.TemporaryDirectory(prefix="tfelc-benchmark-") as temporary:
        folder = Path(temporary)
        with console.status(f"simulating {rows:,} rows"):
            dataset = Dataset(data or simulated(folder / "small", rows))
        arguments = {"data": dataset.path, "task": task, "settings": whole, "steps": steps}
        ways = {
            "parquet": Way("tfelc, from Parquet with raw strings", parquet, arguments),
            "memory": Way("tfelc, encoded tensors in memory", memory, arguments),
            "baseline": Way("the same, only DeepCTR's parts", memory, {**arguments, "settings": plain}),
            "deepctr": Way("DeepCTR's MMOE, arrays in memory", deepctr, arguments, {"TF_USE_LEGACY_KERAS": "1"}),
        }
        result |= {"data_hash": dataset.hash, "steps": steps, "ways": measure(ways, rounds, "memory", console)}
        if large:
            scale = {}
            for count in (rows, large):
                with console.status(f"simulating {count:,} rows"):
                    path = _hashed_users(simulated(folder / f"scale-{count}", count, _LARGE_USERS))
                label = f"tfelc, {count:,} rows, 2 million users, whole epoch"
                scale[str(count)] = Way(label, parquet, {**arguments, "data": path, "steps": None})
            result["scale"] = measure(scale, 1, str(rows), console)
    publish(out, "training", result, console)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """Rates and memory of each way, and of the large table beside the small one."""
    return [comparison(f"training, medians of {result['rounds']} rounds", result["ways"], _COLUMNS)] + (
        [comparison("small and large table", result["scale"], _COLUMNS)] if "scale" in result else []
    )


def _hashed_users(data: Path) -> Path:
    """Hashes the users, as one does with ids that keep coming: two tables then have the same embedding table."""
    from tfelc.data.dataset import Dataset
    from tfelc.schema.schema import Table as IdTable

    schema = Dataset(data).schema
    table = schema.table_of(str(schema.user_key))[0]
    hashed = schema.model_copy(update={"tables": {**schema.tables, table: IdTable(hash_buckets=_LARGE_USERS)}})
    (data / "schema.yaml").write_text(hashed.dump(), encoding="utf-8")
    return data


def parquet(**arguments: Any) -> dict[str, float]:
    """From Parquet, with raw strings."""
    return _epoch(in_memory=False, **arguments)


def memory(**arguments: Any) -> dict[str, float]:
    """On encoded tensors in memory."""
    return _epoch(in_memory=True, **arguments)


def _epoch(in_memory: bool, data: str, task: str, settings: dict[str, Any], steps: int | None) -> dict[str, float]:
    """Trains one epoch, or `steps` of it; the first ones are left out."""
    import keras
    import tensorflow as tf

    from tfelc.experiments.benchmarks.rankers import started
    from tfelc.ranker.settings import Config

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
    return meter.rates((count - STEPS_LEFT_OUT) * Config.model_validate(settings).training.batch_size)
