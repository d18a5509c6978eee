"""How much faster several workers of one machine train a ranker than one does."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.experiments.benchmarks.harness import Column, Way, comparison, measure, tfelc
from tfelc.experiments.options import ConfigOption, OutOption, RoundsOption, SettingsOption, TaskOption
from tfelc.experiments.table import Table

# An epoch that traces the graph and fills the buffers, and one that is measured.
_MEASURED = {"training.epochs": 2, "training.passes": 1, "training.yardsticks": False}


def workers(
    data: Annotated[Path | None, typer.Option(help="Prepared dataset. Defaults to a log simulated for this.")] = None,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    task: TaskOption = "ctr,cvr",
    rows: Annotated[int, typer.Option(min=100_000, help="Rows of the simulated log.")] = 500_000,
    batch_size: Annotated[int, typer.Option(min=2, help="Rows of a step, of all workers together.")] = 16_384,
    count: Annotated[int, typer.Option(min=2, help="Workers, each with a core of its own.")] = 2,
    rounds: RoundsOption = 3,
    out: OutOption = Path("results/workers.json"),
) -> None:
    """Rows per second of the second training epoch: one worker on one core, and several on as many."""
    from rich.console import Console

    from tfelc.core.errors import UsageError
    from tfelc.data.dataset import Dataset
    from tfelc.experiments.benchmarks.training import simulated
    from tfelc.experiments.result_file import publish
    from tfelc.ranker.settings import RankerSettings

    console = Console()
    if len(os.sched_getaffinity(0)) < count:
        raise UsageError(f"--count: there are fewer than {count} cores here")
    chosen = RankerSettings.load(config, [*(settings or []), f"training.batch_size={batch_size}"])
    with tempfile.TemporaryDirectory(prefix="tfelc-benchmark-") as temporary:
        dataset = Dataset(data or simulated(Path(temporary) / "data", rows))
        common = {"data": dataset.path, "task": task, "settings": chosen.to_dict()}
        ways = {
            str(number): Way(
                f"{number} workers, a core each" if number > 1 else "1 worker, one core",
                second_epoch,
                {**common, "count": number},
                {"TF_NUM_INTRAOP_THREADS": "1"},
                needs_tensorflow=False,
            )
            for number in (1, count)
        }
        measured = measure(ways, console, rounds, reference="1")
    result = {"config": chosen.to_dict(), "data_hash": dataset.hash, "rounds": rounds, "batch_size": batch_size}
    publish(out, "workers", {**result, "ways": measured}, console)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """The rate of each way."""
    columns = [Column("rows/s", "rows_per_second"), Column("of one worker's", "rows_per_second", ".2f", "ratio")]
    title = f"several workers, batches of {result['batch_size']:,} rows, medians of {result['rounds']} rounds"
    return [comparison(title, result["ways"], columns)]


def second_epoch(data: str, task: str, settings: dict[str, Any], count: int) -> dict[str, float]:
    """Trains two epochs by `tfelc train`, on as many cores as there are workers; the rate of the second."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    with tempfile.TemporaryDirectory() as folder:
        run, config = Path(folder) / "run", Path(folder) / "settings.json"
        config.write_text(json.dumps(settings), encoding="utf-8")
        named = [word for name, value in _MEASURED.items() for word in ("--set", f"{name}={json.dumps(value)}")]
        common = ["--task", task, "--data", data, "--config", config, "--run", run, "--workers", count]
        tfelc("train", *common, *named)
        epochs = json.loads((run / "history.json").read_text(encoding="utf-8"))["history"]
    return {"rows_per_second": float(epochs[1]["rows_per_second"])}
