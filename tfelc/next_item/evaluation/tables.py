"""The results of a next-item evaluation as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from tfelc.next_item.evaluation.ranking_metrics import METRICS


def ranking_table(result: Mapping[str, Any], keep_seen: bool = False) -> Table:
    """HR and NDCG at each cut-off, and how the clusters are used.

    Args:
        result: What `evaluate_sequences` returned.
        keep_seen: Whether items that a user had before were candidates. Defaults to False.
    """
    clusters = result["clusters"]
    caption = (
        f"clusters in use: {clusters['in_use']:.1f} of {clusters['count']}, largest share "
        f"{clusters['largest_share']:.1%}"
        if clusters
        else None
    )
    title = f"{result['split']}, {result['users']:,} users, whole catalog{', seen items too' if keep_seen else ''}"
    table = Table(title=title, caption=caption, box=SIMPLE)
    table.add_column("")
    by_name = [metric.split("@") for metric in METRICS]
    cutoffs = list(dict.fromkeys(cutoff for _, cutoff in by_name))
    for cutoff in cutoffs:
        table.add_column(f"@{cutoff}", justify="right")
    for name in dict.fromkeys(name for name, _ in by_name):
        table.add_row(name.upper(), *(f"{result['metrics'][f'{name}@{cutoff}']:.4f}" for cutoff in cutoffs))
    return table


def comparison_table(comparison: Mapping[str, Any], other: str) -> Table:
    """The difference of each metric from another model's.

    Args:
        comparison: What `compare_sequences` returned.
        other: What to call the other model.
    """
    index = comparison["adjusted_rand_index"]
    notes = ["paired bootstrap over users"]
    if index is not None:
        notes.append(f"clusters: adjusted Rand index {index:.3f}")
    table = Table(title=f"difference from {other}", caption="\n".join(notes), box=SIMPLE)
    table.add_column("")
    for heading in ("difference", "95 % interval", "p"):
        table.add_column(heading, justify="right")
    for metric, found in comparison["differences"].items():
        interval = f"({found['low']:+.4f}, {found['high']:+.4f})"
        table.add_row(metric.upper(), f"{found['difference']:+.4f}", interval, f"{found['p_value']:.3f}")
    return table
