"""An explanation as tables for the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.box import SIMPLE
from rich.table import Table

from tfelc.metrics.registries import RANKER_METRICS
from tfelc.ranker.explanation.explanation import ALL, Explanation, Loss, Unit

_MOST_FEATURES = 15


def explanation_tables(explanation: Explanation) -> Iterator[Table]:
    """What is lost over all rows, by output, and one table for each output by group of users.

    Args:
        explanation: Its `shown_units` are shown.
    """
    shown = shown_units(explanation)
    title = f"loss by permutation, {explanation.rows:,} rows of {explanation.split}, {explanation.repeats} repeats"
    headings = {output: RANKER_METRICS.get(metric).heading for output, metric in explanation.metrics.items()}
    table = _table(title, [f"{output}, {heading}" for output, heading in headings.items()])
    table.add_row("nothing permuted", *(_number(explanation.values[output][ALL]) for output in headings))
    for unit in shown:
        table.add_row(name_of(unit), *(_loss(unit.losses[output][ALL]) for output in headings))
    yield table
    for output, groups in explanation.values.items():
        names = [name for name in groups if name != ALL]
        if not names:
            return
        table = _table(f"{output}: loss of {headings[output]} by group of users", names)
        table.add_row("nothing permuted", *(_number(groups[name]) for name in names))
        for unit in shown:
            table.add_row(name_of(unit), *(_number(unit.losses[output][name].mean) for name in names))
        yield table


def shown_units(explanation: Explanation) -> list[Unit]:
    """All groups, and of the features the 15 whose loss is largest."""
    features = [unit for unit in explanation.units if unit.kind == "feature"]
    return [unit for unit in explanation.units if unit.kind == "group"] + features[:_MOST_FEATURES]


def name_of(unit: Unit) -> str:
    """A feature's name, and that of a group with the number of its features."""
    return f"{unit.name} ({len(unit.columns)})" if len(unit.columns) > 1 else unit.name


def giveaway_lines(explanation: Explanation) -> Iterator[str]:
    """A line for each feature that ranks too well by itself."""
    for feature, found in explanation.giveaways.items():
        said = ", ".join(
            f"{output} {RANKER_METRICS.get(explanation.metrics[output]).heading} {value:.4f}"
            for output, value in found.items()
        )
        yield f"{feature} alone has {said}: is it known before the outcome?"


def _table(title: str, headings: list[str]) -> Table:
    table = Table(title=title, box=SIMPLE)
    table.add_column("permuted", min_width=20)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _loss(loss: Loss) -> str:
    return "-" if math.isnan(loss.mean) else f"{loss.mean:.4f} ± {loss.high - loss.mean:.4f}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4f}"
