"""The result of an evaluation as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

_METRICS = {"auc": "AUC", "gauc": "GAUC", "logloss": "log loss", "ne": "NE", "calibration": "pred/obs", "ece": "ECE"}


def metrics_table(result: Mapping[str, Any], best_possible_auc: Mapping[str, float] | None = None) -> Table:
    """All metrics of every output.

    Args:
        result: What `evaluate` returned.
        best_possible_auc: Output -> the AUC of the true probabilities, where they are known.
    """
    table = Table(title=f"{result['split']}, {result['rows']:,} rows")
    table.add_column("output")
    for heading in _METRICS.values():
        table.add_column(heading, justify="right")
    if best_possible_auc:
        table.add_column("best possible AUC", justify="right")
    for output, values in result["tasks"].items():
        best = [_shown(best_possible_auc.get(output))] if best_possible_auc else []
        table.add_row(output, *(_shown(values[name]) for name in _METRICS), *best)
    return table


def groups_table(result: Mapping[str, Any]) -> Table:
    """AUC and GAUC by user group."""
    outputs = list(result["tasks"])
    table = Table(title="AUC / GAUC by user group")
    table.add_column("group")
    for output in outputs:
        table.add_column(output, justify="right")
    for group, values in result["groups"].items():
        cells = [
            f"{_shown(values[output]['auc'])} / {_shown(values[output]['gauc'])}" if output in values else "-"
            for output in outputs
        ]
        table.add_row(group, *cells)
    return table


def gates_table(result: Mapping[str, Any]) -> Table:
    """How decided the gates are, and the clusters' use."""
    clusters = result["clusters"]
    caption = (
        f"{clusters['in_use']:.1f} clusters in use, the largest holds {clusters['largest_share']:.0%} of the rows"
        if clusters
        else "no clusters"
    )
    table = Table(title="gates: mean entropy (nats) and mean weight of each expert", caption=caption)
    table.add_column("task")
    table.add_column("entropy", justify="right")
    table.add_column("experts")
    for task, use in result["gates"].items():
        table.add_row(task, _shown(use["entropy"]), " ".join(f"{weight:.2f}" for weight in use["mean"]))
    return table


def _shown(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:.4f}"
