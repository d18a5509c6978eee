"""Differences with their intervals, one below the other."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from tfelc.lifecycle.report.picture import COLORS, GREY

_GAIN, _LOSS = COLORS[2], COLORS[4]

# The difference, and the lower and the upper end of its interval.
Interval = tuple[float, float, float]


def forest(axes: Axes, names: Sequence[str], intervals: Sequence[Interval | None], title: str) -> None:
    """Draws a dot with a bar for each, green above 0, red below it, and grey where the bar holds it.

    Args:
        axes: To draw on.
        names: What each is called.
        intervals: As many; None, or NaN, is left out.
        title: What they are differences of.
    """
    axes.axvline(0, color=GREY, linewidth=1, zorder=0)
    for place, interval in enumerate(intervals):
        if interval is not None and not math.isnan(interval[1]):
            value, low, high = interval
            color = _GAIN if low > 0 else _LOSS if high < 0 else GREY
            axes.plot([low, high], [place, place], color=color, linewidth=2.5, solid_capstyle="butt")
            axes.plot(value, place, color=color, marker="o", markersize=6)
    axes.set_yticks(range(len(names)), names)
    axes.set(title=title, ylim=(len(names) - 0.5, -0.5))
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.tick_params(axis="x", labelsize=8)
