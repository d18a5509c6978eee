"""Is a ranker that goes on day by day as good as one that is trained anew? On a simulated log that drifts."""

import contextlib
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tfelc.experiments.options import ConfigOption, OutOption, SettingsOption, TaskOption

_PROTOCOL = (
    "simulated log with drift and new anchors, {:,} rows a day; judged on all rows of the day after; 95 % intervals by "
    "a paired bootstrap over users"
)


def daily(
    days: Annotated[int, typer.Option(min=2, max=13, help="Days to train on.")] = 10,
    rows: Annotated[int, typer.Option(min=1000, help="Rows of a day.")] = 50_000,
    seed: Annotated[int, typer.Option(help="Seed of the log and of training.")] = 7,
    config: ConfigOption = None,
    task: TaskOption = "ctr,cvr",
    settings: SettingsOption = None,
    day_settings: Annotated[
        list[str] | None, typer.Option("--day-set", help="One setting of the days that start from one; may repeat.")
    ] = None,
    runs: Annotated[
        Path | None,
        typer.Option(help="Folder to keep data and runs in: what is in it is not made again. Without it none is kept."),
    ] = None,
    out: OutOption = Path("results/daily.json"),
) -> None:
    """Trains each day from yesterday's run, and anew on all days so far; judges both, and yesterday's, on the next."""
    from tfelc.core.tensorflow_start import load_tensorflow

    load_tensorflow()

    from rich.console import Console

    from tfelc.core.atomic_files import write_text
    from tfelc.experiments.daily.days import Days
    from tfelc.experiments.daily.figures import compare
    from tfelc.experiments.daily.picture import draw
    from tfelc.experiments.result_file import publish
    from tfelc.ranker.settings import RankerSettings

    console = Console()
    whole = RankerSettings.load(config, [*(settings or []), f"training.seed={seed}"])
    of_day = RankerSettings.load(whole.to_dict(), day_settings or [])
    heads = [name.strip() for name in task.split(",")]
    with contextlib.nullcontext(runs) if runs else tempfile.TemporaryDirectory() as folder:
        log = Days(Path(folder), rows, days, seed, heads, whole, of_day, console)
        found = [compare(log, day) for day in range(1, days + 1)]
    result = {
        "data_hash": found[-1]["data_hash"],
        "protocol": _PROTOCOL.format(rows),
        "loss": whole.training.loss,
        "settings": [*([str(config)] if config else []), *(settings or [])] or ["defaults"],
        "day_settings": day_settings or [],
        "seeds": [seed],
        "tasks": heads,
        "days": found,
    }
    publish(out, "daily", result, console)
    write_text(out.with_suffix(".svg"), draw(result))
