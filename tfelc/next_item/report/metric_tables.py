"""The metrics of next-item models as tables."""

from __future__ import annotations

from collections.abc import Mapping

from tfelc.lifecycle.evaluation.comparison import Comparison
from tfelc.lifecycle.report.markup import Markup, data_table
from tfelc.lifecycle.report.number_text import number
from tfelc.metrics.registries import RANKING_METRICS
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
