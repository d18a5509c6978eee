"""A model beside simple ones, as a table of a page."""

from __future__ import annotations

from collections.abc import Sequence

from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.evaluation.yardsticks_table import Metrics, yardstick_rows
from tfelc.lifecycle.report.markup import Markup, data_table


def yardsticks_markup(result: EvaluationResult, model: str, names: Sequence[str], metrics: Metrics) -> Markup:
    """The model and each yardstick, and how many steps the model took.

    Args:
        result: The result, with yardsticks.
        model: What to call the model.
        names: The metrics to show.
        metrics: Where they are declared.
    """
    taken = f"; the {model} took {result.steps:,} steps" if result.steps is not None else ""
    return data_table(
        f"Beside simple models, on the same {result.unit}{taken}", *yardstick_rows(result, model, names, metrics)
    )
