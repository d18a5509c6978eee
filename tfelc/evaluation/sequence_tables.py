"""The result of a next-item evaluation as a table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from tfelc.evaluation.ranking_report import METRICS


def ranking_table(result: Mapping[str, Any]) -> Table:
    """HR and NDCG at each cut-off, and how the clusters are used.

    Args:
        result: What `evaluate_sequences` returned.
    """
    clusters = result["clusters"]
    caption = (
        f"clusters in use: {clusters['in_use']:.1f} of {clusters['count']}, largest share "
        f"{clusters['largest_share']:.1%}"
        if clusters
        else None
    )
    title = f"{result['split']}, {result['users']:,} users, whole catalogue"
    table = Table(title=title, caption=caption, box=SIMPLE)
    table.add_column("")
    by_name = [metric.split("@") for metric in METRICS]
    cutoffs = list(dict.fromkeys(cutoff for _, cutoff in by_name))
    for cutoff in cutoffs:
        table.add_column(f"@{cutoff}", justify="right")
    for name in dict.fromkeys(name for name, _ in by_name):
        table.add_row(name.upper(), *(f"{result['metrics'][f'{name}@{cutoff}']:.4f}" for cutoff in cutoffs))
    return table
