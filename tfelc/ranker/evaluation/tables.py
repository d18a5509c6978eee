"""The result of an evaluation as tables for the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

_METRICS = {"auc": "AUC", "gauc": "GAUC", "logloss": "log loss", "ne": "NE", "calibration": "pred/obs", "ece": "ECE"}


def metrics_table(result: Mapping[str, Any], best_possible_auc: Mapping[str, float] | None = None) -> Table:
    """All metrics of every output.

    Args:
        result: What `evaluate` returned.
        best_possible_auc: Output -> the AUC of the true probabilities, where they are known.
    """
    covered = ", ".join(
        f"{output} {values['gauc_coverage']:.0%}"
        for output, values in result["tasks"].items()
        if not math.isnan(values["gauc_coverage"])
    )
    notes = [f"GAUC leaves out users with one class; rows it covers: {covered}"] if covered else []
    if best_possible_auc:
        notes.append("best AUC: that of the true probabilities")
    table = Table(title=f"{result['split']}, {result['rows']:,} rows", caption="\n".join(notes), box=SIMPLE)
    table.add_column("output")
    for name, heading in _METRICS.items():
        table.add_column(heading, justify="right")
        if name == "auc" and best_possible_auc:
            table.add_column("best AUC", justify="right")
    for output, values in result["tasks"].items():
        cells = [_shown(values[name]) for name in _METRICS]
        if best_possible_auc:
            cells.insert(1, _shown(best_possible_auc.get(output)))
        table.add_row(output, *cells)
    return table


def groups_table(result: Mapping[str, Any]) -> Table:
    """AUC and GAUC by user group."""
    outputs = list(result["tasks"])
    table = Table(title="AUC / GAUC by user group", box=SIMPLE)
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
    table = Table(
        title="gates: mean entropy (nats) and mean weight of each expert", caption=_clusters_caption(result), box=SIMPLE
    )
    table.add_column("task")
    table.add_column("entropy", justify="right")
    table.add_column("experts")
    for task, use in result["gates"].items():
        table.add_row(task, _shown(use["entropy"]), " ".join(f"{weight:.2f}" for weight in use["mean"]))
    return table


def _clusters_caption(result: Mapping[str, Any]) -> str:
    clusters = result["clusters"]
    if not clusters:
        return "no clusters"
    lines = [f"{clusters['in_use']:.1f} clusters in use, the largest holds {clusters['largest_share']:.0%} of the rows"]
    if not math.isnan(clusters["silhouette"]):
        lines[0] += f", silhouette {clusters['silhouette']:.2f}"
    for column, found in clusters["groups"].items():
        distances = ", ".join(f"{task} {use['distance'][column]:.2f}" for task, use in result["gates"].items())
        lines.append(
            f"{column}: the cluster tells {found['information']:.0%} of it, adjusted Rand "
            f"{found['adjusted_rand']:.2f}; distance between its gates {distances}"
        )
    return "\n".join(lines)


def _shown(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:.4f}"
