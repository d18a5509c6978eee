"""A model beside simple ones, as rows of text and as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE
from rich.table import Table

from tfelc.core.registry import Registry
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.report.number_text import number
from tfelc.metrics.ranker_metric import RankerMetric
from tfelc.metrics.ranking_metric import RankingMetric

Metrics = Registry[RankerMetric] | Registry[RankingMetric]


def yardstick_rows(
    result: EvaluationResult, model: str, names: Sequence[str], metrics: Metrics
) -> tuple[list[str], list[list[str]]]:
    """What the model and each yardstick reach.

    Args:
        result: The result, with yardsticks.
        model: What to call the model.
        names: The metrics to show.
        metrics: Where they are declared.

    Returns:
        Headings, and a row for the model and each yardstick.
    """
    several = len(result.metrics) > 1
    shown = [(output, name) for output, values in result.metrics.items() for name in names if name in values]
    headings = [
        f"{output} {metrics.get(name).heading}" if several else metrics.get(name).heading for output, name in shown
    ]
    rows = [
        [who, *(number(found.get(output, {}).get(name)) for output, name in shown)]
        for who, found in {model: result.metrics, **result.yardsticks}.items()
    ]
    return ["", *headings], rows


def yardsticks_table(result: EvaluationResult, model: str, names: Sequence[str], metrics: Metrics) -> Table:
    """The model and each yardstick, and how many steps the model took.

    Args:
        result: The result, with yardsticks.
        model: What to call the model.
        names: The metrics to show.
        metrics: Where they are declared.
    """
    headings, rows = yardstick_rows(result, model, names, metrics)
    taken = f"the {model} took {result.steps:,} steps" if result.steps is not None else None
    table = Table(title=f"beside simple models, the same {result.unit}", caption=taken, box=SIMPLE)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    return table
