"""How the cost of each step grows with the number of rows: rates and memory at several sizes, and exponents."""

import math
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.core.errors import UsageError
from tfelc.experiments.benchmarks.harness import STEPS_LEFT_OUT, Column, Meter, Way, comparison, measure
from tfelc.experiments.benchmarks.prepare import AGGREGATES, prepared
from tfelc.experiments.benchmarks.prepare_log import write_log
from tfelc.experiments.benchmarks.scoring import scored, write_rows
from tfelc.experiments.benchmarks.training import epoch, simulated, started
from tfelc.experiments.options import OutOption, RoundsOption
from tfelc.experiments.table import Table

_SIZES = (10_000, 40_000, 160_000)
_STEEP = 1.1
_TASKS = "ctr,cvr"
_BATCH = 256
_ITEMS = 2_000
# Of the simulated sequences.
_ACTIONS_OF_USER = 13
_NOTE = (
    "Exponents are least squares of log seconds, or log memory, over log rows. A fixed start-up makes them smaller, so "
    "that those of time are given twice: of all sizes but the smallest, and of what each size takes beyond the "
    f"smallest. `steep` is a step of which either is above {_STEEP}."
)


def scale(
    sizes: Annotated[
        list[int] | None, typer.Option(min=10_000, help=f"Rows; repeat it. Defaults to {', '.join(map(str, _SIZES))}.")
    ] = None,
    rounds: RoundsOption = 1,
    out: OutOption = Path("results/scale.json"),
) -> None:
    """Rows per second, peak memory and exponents of growth, each step at each size in a fresh process."""
    from rich.console import Console

    from tfelc.experiments.benchmarks.harness import tfelc as command
    from tfelc.experiments.result_file import publish
    from tfelc.ranker.settings import RankerSettings

    console, chosen = Console(), sorted(set(sizes or _SIZES))
    if len(chosen) < 3:
        raise UsageError(f"`sizes` must be three different ones at least. Received: {chosen}", ["sizes"])
    overrides = [f"training.batch_size={_BATCH}", "training.epochs=1", "training.passes=1"]
    settings = RankerSettings.load(None, overrides).to_dict()
    measured = {}
    with tempfile.TemporaryDirectory(prefix="tfelc-benchmark-") as temporary:
        folder = Path(temporary)
        with console.status("training and exporting what scores"):
            simulated(folder / str(chosen[0]), chosen[0])
            options = [part for each in overrides for part in ("--set", each)]
            run = folder / "run"
            command("train", "--task", _TASKS, "--data", folder / str(chosen[0]), "--run", run, *options)
            command("export", "--run", run, "--to", folder / "exports")
        for size in chosen:
            with console.status(f"writing {size:,} rows"):
                ways = _ways(folder, size, settings)
            measured[str(size)] = measure(ways, console, rounds)
    publish(out, "scale", {"rounds": rounds, "config": settings, "sizes": measured}, console)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """Each step at each size, and how its cost grows."""
    sizes = {int(size): ways for size, ways in result["sizes"].items()}
    rows = list(sizes)
    each, growths = {}, []
    for name, first in sizes[rows[0]].items():
        for size, ways in sizes.items():
            each[f"{name} {size}"] = {**ways[name], "label": f"{first['label']}, {size:,}"}
        figures = [ways[name]["figures"] for ways in sizes.values()]
        seconds = [size / of["rows_per_cpu_second"]["median"] for size, of in zip(rows, figures, strict=True)]
        memory = [of["peak_mb"]["median"] for of in figures]
        found = growth(rows, seconds)
        steep = [value for value in found.values() if value is not None and value > _STEEP]
        cells = ["" if value is None else f"{value:.2f}" for value in found.values()]
        further = 2**20 * (memory[-1] - memory[0]) / (rows[-1] - rows[0])
        memory_cells = [f"{exponent(rows, memory):.2f}", f"{further:,.0f}"]
        growths.append([first["label"], *cells, "steep" if steep else "", *memory_cells])
    columns = [Column("rows/s", "rows_per_second"), Column("rows/CPU s", "rows_per_cpu_second")]
    costs = comparison("rows of the log, or actions", each, [*columns, Column("peak memory, MB", "peak_mb")])
    headings = ["step", "time, larger sizes", "time, beyond the smallest", "", "memory", "bytes a further row"]
    return [costs, Table(f"exponents, {rows[0]:,} to {rows[-1]:,} rows", headings, growths, _NOTE)]


def growth(sizes: Sequence[int], seconds: Sequence[float]) -> dict[str, float | None]:
    """The exponents of time in which a fixed start-up counts less or not, of three sizes or more, smallest first.

    Returns:
        `larger`, of all sizes but the smallest, and `beyond`, of what each takes beyond the smallest; None where a
        larger size took no more than that.
    """
    rows = [size - sizes[0] for size in sizes[1:]]
    beyond = [each - seconds[0] for each in seconds[1:]]
    return {
        "larger": exponent(sizes[1:], seconds[1:]),
        "beyond": exponent(rows, beyond) if min(beyond) > 0 else None,
    }


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The p of `values = c * sizes ** p`, by least squares of the logarithms."""
    return statistics.linear_regression([*map(math.log, sizes)], [*map(math.log, values)]).slope


def _ways(folder: Path, size: int, settings: Mapping[str, Any]) -> dict[str, Way]:
    data = folder / str(size)
    if not data.exists():
        simulated(data, size)
    log = {"log": write_log(folder / f"log-{size}.parquet", size)}
    ranker = {"data": data, "task": _TASKS, "settings": settings}
    inputs = write_rows(data, folder / f"rows-{size}.parquet", size)
    users = {"users": size // _ACTIONS_OF_USER}
    counted = {**log, "aggregates": list(AGGREGATES)}
    return {
        "prepare": Way("prepare, a Parquet log of 30 columns", prepared, log, needs_tensorflow=False),
        "aggregates": Way("the same with five aggregates", prepared, counted, needs_tensorflow=False),
        "train": Way("training epoch of a ranker", epoch, {**ranker, "steps": None, "in_memory": False}),
        "evaluate": Way("evaluation of a ranker", evaluated, ranker),
        "score": Way("batch scoring", scored, {"model": folder / "exports" / "1", "inputs": inputs}),
        "next_start": Way("next items: first values", next_items, {**users, "part": "start"}),
        "next_train": Way("next items: training epoch of SASRec", next_items, {**users, "part": "epoch"}),
        "next_evaluate": Way("next items: evaluation", next_items, {**users, "part": "evaluation"}),
    }


def evaluated(data: str, task: str, settings: dict[str, Any]) -> dict[str, float]:
    """Measures the test split by an untrained ranker; the validation split, measured before, traced the graph."""
    from tfelc.data.dataset import Dataset

    with tempfile.TemporaryDirectory() as folder:
        training = started(f"{folder}/run", data, task, settings)
        training.evaluate("validation")
        with Meter() as meter:
            training.evaluate("test")
    return meter.rates(Dataset(Path(data)).rows("test"))


def next_items(users: int, part: str, batch_size: int = _BATCH) -> dict[str, float]:
    """Starts (`start`), trains for one `epoch`, or measures (`evaluation`) SASRec on simulated sequences.

    Returns:
        Rates of actions; those of an epoch, whose first steps are left out, are rates of samples, of which an action
        is one.
    """
    from rich.console import Console

    from tfelc.next_item.data.simulated_sequences import simulate
    from tfelc.next_item.default_settings import default_settings
    from tfelc.next_item.training.train import create_training

    sequences = simulate(users, _ITEMS).sequences
    overrides = ["split.protocol=leave_one_out", "split.evaluated_users=all", f"training.batch_size={batch_size}"]
    settings = default_settings("simulated", ["model=sasrec", "training.epochs=1", *overrides])
    with tempfile.TemporaryDirectory() as folder:
        made = create_training(sequences, "simulated", settings, Path(folder) / "run", Console(quiet=True))
    trainable, meter, rows = made.trainable, Meter(), len(sequences.actions)
    meter.start()
    trainable.initialize_weights()
    if part == "epoch":
        trainable.fit_epoch(0, 0, lambda step: meter.start_late(step - 1))
        rows = trainable.batches.samples - STEPS_LEFT_OUT * batch_size
    elif part == "evaluation":
        trainable.evaluate("validation")
        meter.start()
        trainable.evaluate("test")
    meter.stop()
    return meter.rates(rows)
