"""The tables of a comparison of rankers, for the terminal."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from tfelc.experiments.ranker_variants import BASELINE
from tfelc.lifecycle.evaluation.resampling import BootstrapResult
from tfelc.lifecycle.report.number_text import number, percent
from tfelc.ranker.evaluation.group_lift import GroupLift

_METRICS = ("auc", "gauc")


def metrics_table(models: Mapping[str, Any], seeds: int) -> Table:
    """AUC and GAUC of every model.

    Args:
        models: Name -> its figures, as `describe` returns them.
        seeds: How many there are.
    """
    table = Table(title=f"test split, mean and standard deviation over {seeds} seeds", box=SIMPLE)
    table.add_column("")
    for name in models:
        table.add_column(name, justify="right")
    for output in models[BASELINE]["tasks"]:
        for metric in _METRICS:
            cells = [model["tasks"][output][metric] for model in models.values()]
            table.add_row(
                f"{output} {metric.upper()}",
                *(number(cell["mean"]) + (f" ±{number(cell['std'])}" if cell["std"] else "") for cell in cells),
            )
    return table


def differences_table(name: str, lifts: Sequence[GroupLift]) -> Table:
    """What one model gains over B, in all and by group, with intervals.

    Args:
        name: The model.
        lifts: Its lifts over B.
    """
    table = Table(
        title=f"{name} against {BASELINE}, with 95 % intervals over users",
        caption="rate: simulated lift at the same exposure, where each user sees the better half of the impressions",
        box=SIMPLE,
    )
    table.add_column("output, group")
    for heading in ("AUC", "GAUC", "rate"):
        table.add_column(heading, justify="right")
    for lift in lifts:
        table.add_row(
            f"{lift.output}, {lift.group}\n{lift.rows:,} rows",
            *(_with_interval(result, lambda value: number(value, signed=True)) for result in (lift.auc, lift.gauc)),
            _with_interval(lift.clicks, percent),
        )
    return table


def _with_interval(result: BootstrapResult, shown: Callable[[float], str]) -> str:
    """On two lines, so that the table is no wider than a terminal."""
    interval = "" if result.low != result.low else f"({shown(result.low)}, {shown(result.high)})"
    return f"{shown(result.difference)}\n{interval}"
