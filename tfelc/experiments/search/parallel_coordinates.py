"""Trials side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfelc.experiments.search.axis import Axis
from tfelc.lifecycle.report.markup import Markup, note
from tfelc.lifecycle.report.picture import COLORS, GREY, drawing, picture


def parallel_coordinates(axes: Sequence[Axis], values: Sequence[float], metric: str, sign: int) -> Markup:
    """A line for each complete trial through its settings and its metric; the best tenth stands out.

    Args:
        axes: The settings.
        values: The metric of each trial.
        metric: Its name.
        sign: -1 where less is better.
    """
    if len(values) < 2:
        return note("Fewer than two trials have come to their end.")
    columns = [*axes, Axis(metric, values, False, {})]
    heights = np.array([_heights(axis) for axis in columns])
    order = np.argsort(sign * np.array(values))
    best = set(order[-max(len(values) // 10, 1) :].tolist())
    with drawing(9, 4) as figure:
        drawn = figure.subplots()
        for trial in order:
            color, alpha, width = (COLORS[1], 1.0, 1.6) if trial in best else (COLORS[0], 0.35, 1.0)
            drawn.plot(heights[:, trial], color=color, alpha=alpha, linewidth=width)
        for place, axis in enumerate(columns):
            drawn.axvline(place, color=GREY, linewidth=1, zorder=0)
            for height, label in _labels(axis):
                drawn.text(place, height, f" {label}", fontsize=8, va="center")
        drawn.set_xticks(range(len(columns)), [axis.name.replace(".", ".\n") for axis in columns], fontsize=7)
        drawn.set_yticks([])
        drawn.margins(x=0.08)
        for spine in drawn.spines.values():
            spine.set_visible(False)
        text = f"A line for each of {len(values)} trials through {', '.join(axis.name for axis in columns)}."
        return picture(figure, text, f"Each line is a trial; the best {len(best)} stand out.")


def _heights(axis: Axis) -> list[float]:
    places = np.log(axis.places) if axis.is_log else np.array(axis.places)
    low, high = (min(axis.ticks), max(axis.ticks)) if axis.ticks else (places.min(), places.max())
    return [0.5 if high == low else float((place - low) / (high - low)) for place in places]


def _labels(axis: Axis) -> list[tuple[float, str]]:
    if axis.ticks:
        last = max(axis.ticks)
        return [(place / last if last else 0.5, text) for place, text in axis.ticks.items()]
    low, high = min(axis.places), max(axis.places)
    return [(0.5, f"{low:.4g}")] if low == high else [(0.0, f"{low:.4g}"), (1.0, f"{high:.4g}")]
