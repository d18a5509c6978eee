"""The result of a next-item evaluation as a table for the terminal."""

from __future__ import annotations

from rich.box import SIMPLE
from rich.table import Table

from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.evaluation.yardsticks_table import yardsticks_table
from tfelc.metrics.registries import LIST_METRICS, RANKING_METRICS
from tfelc.next_item.settings import NEXT_ITEM

GROUP_METRICS = ("hr@10", "hr@20", "ndcg@20")
YARDSTICK_METRICS = ("hr@10", "hr@20", "ndcg@10", "ndcg@20")


def ranking_table(result: EvaluationResult, keep_seen: bool = False) -> Table:
    """The metrics, those of one name on a line with a column for each cutoff, and how the clusters are used.

    Args:
        result: The result of `evaluate`.
        keep_seen: Whether items that a user had before were candidates. Defaults to False.
    """
    clusters = result.clusters
    caption = (
        f"clusters in use: {clusters.in_use:.1f} of {clusters.num_clusters}, largest share {clusters.largest_share:.1%}"
        if clusters
        else None
    )
    title = f"{result.split}, {result.count:,} users, whole catalog{', seen items too' if keep_seen else ''}"
    table = Table(title=title, caption=caption, box=SIMPLE)
    table.add_column("")
    cells: dict[str, dict[str, str]] = {}
    for metric in map(RANKING_METRICS.get, RANKING_METRICS.names()):
        what, _, cutoff = metric.heading.partition("@")
        cells.setdefault(what, {})[cutoff] = f"{result.metrics[NEXT_ITEM][metric.name]:.4f}"
    cutoffs = list(dict.fromkeys(cutoff for row in cells.values() for cutoff in row))
    for cutoff in cutoffs:
        table.add_column(f"@{cutoff}" if cutoff else "all", justify="right")
    for what, row in cells.items():
        table.add_row(what, *(row.get(cutoff, "") for cutoff in cutoffs))
    return table


def list_tables(result: EvaluationResult) -> list[Table]:
    """What is recommended, and the metrics by group; no tables where they were not measured.

    Args:
        result: The result of `evaluate`.
    """
    found = result.metrics[NEXT_ITEM]
    measured = [metric for metric in map(LIST_METRICS.get, LIST_METRICS.names()) if metric.name in found]
    tables = []
    if measured:
        lists = Table("", "", title="what is recommended", box=SIMPLE)
        for metric in measured:
            lists.add_row(metric.heading, f"{found[metric.name]:.4f}")
        tables.append(lists)
    if result.groups:
        groups = Table("", "users", *GROUP_METRICS, title="by length of history, and by the item taken", box=SIMPLE)
        for name, metrics in result.groups.items():
            values = metrics[NEXT_ITEM]
            groups.add_row(name, f"{values['users']:,.0f}", *(f"{values[metric]:.4f}" for metric in GROUP_METRICS))
        tables.append(groups)
    return tables


def simple_models_table(result: EvaluationResult) -> list[Table]:
    """The model beside the yardsticks; no table where none were measured.

    Args:
        result: The result of `evaluate`, with what training measured beside it.
    """
    return [yardsticks_table(result, "model", YARDSTICK_METRICS, RANKING_METRICS)] if result.yardsticks else []
