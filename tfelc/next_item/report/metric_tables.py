"""The metrics of next-item models as tables."""

from __future__ import annotations

from collections.abc import Mapping

from tfelc.lifecycle.evaluation.comparison import Comparison
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.report.markup import Markup, data_table
from tfelc.lifecycle.report.number_text import number
from tfelc.metrics.registries import LIST_METRICS, RANKING_METRICS
from tfelc.next_item.evaluation.tables import GROUP_METRICS
from tfelc.next_item.settings import NEXT_ITEM


def ranking_table(results: Mapping[str, Mapping[str, float]]) -> Markup:
    """Every metric of every run.

    Args:
        results: Name of a run -> metric -> value.
    """
    metrics = [RANKING_METRICS.get(name) for name in RANKING_METRICS.names()]
    rows = [[run, *(number(values[metric.name]) for metric in metrics)] for run, values in results.items()]
    return data_table("Full ranking on the test split", ["run", *(metric.heading for metric in metrics)], rows)


def differences_table(comparison: Comparison) -> Markup:
    """The difference of every metric from the other model's.

    Args:
        comparison: The result of `compare`.
    """
    rows = [
        [RANKING_METRICS.get(name).heading, *(number(part, True) for part in (found.difference, found.low, found.high))]
        for name, found in comparison.differences[NEXT_ITEM].items()
    ]
    caption = "Difference from the other model, with its 95 % interval (paired bootstrap over users)"
    return data_table(caption, ("metric", "difference", "from", "to"), rows)


def lists_table(results: Mapping[str, Mapping[str, float]]) -> Markup:
    """What every run recommends, whether or not it is taken.

    Args:
        results: Name of a run -> metric -> value.
    """
    metrics = [LIST_METRICS.get(name) for name in LIST_METRICS.names()]
    rows = [[run, *(number(values[metric.name]) for metric in metrics)] for run, values in results.items()]
    return data_table("What is recommended on the test split", ["run", *(metric.heading for metric in metrics)], rows)


def groups_table(result: EvaluationResult) -> Markup:
    """The metrics by length of history, and by how popular the item was that a user took.

    Args:
        result: The result of `evaluate`.
    """
    rows = [
        [name, f"{of[NEXT_ITEM]['users']:,.0f}", *(number(of[NEXT_ITEM][metric]) for metric in GROUP_METRICS)]
        for name, of in result.groups.items()
    ]
    headings = [RANKING_METRICS.get(name).heading for name in GROUP_METRICS]
    return data_table("By length of history, and by the item taken", ["group", "users", *headings], rows)
