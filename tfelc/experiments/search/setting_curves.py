"""The metric against the values of each setting (Figure 5)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from tfelc.experiments.search.axis import Axis
from tfelc.experiments.search.means_by_setting import means_by_setting
from tfelc.lifecycle.report.markup import Markup, note
from tfelc.lifecycle.report.picture import COLORS, drawing, picture

_COLUMNS = 3


def setting_curves(axes: Sequence[Axis], values: Sequence[float], metric: str) -> Markup:
    """The metric against the values of each setting (Figure 5).

    Args:
        axes: The settings.
        values: The metric of each trial.
        metric: Its name.
    """
    if len(values) < 2:
        return note("Fewer than two trials have come to their end.")
    rows = -(-len(axes) // _COLUMNS)
    with drawing(9, 2.7 * rows) as figure:
        panels = figure.subplots(rows, min(_COLUMNS, len(axes)), squeeze=False).ravel()
        texts = [_curve(panel, axis, values) for panel, axis in zip(panels, axes, strict=False)]
        for panel in panels[len(axes) :]:
            panel.set_visible(False)
        for panel in panels[:: min(_COLUMNS, len(axes))]:
            panel.set_ylabel(metric)
        return picture(
            figure,
            f"{metric} by setting. {' '.join(texts)}",
            "Dots are complete trials, whose other settings differ too; lines are means, of each value or of fifths of "
            "the trials, and bars their standard deviations. As Figure 5 of the paper.",
        )


def _curve(panel: Axes, axis: Axis, values: Sequence[float]) -> str:
    panel.scatter(axis.places, values, color=COLORS[0], s=14)
    means = means_by_setting(axis, values)
    places, heights = [each.place for each in means], [each.mean for each in means]
    # Of a single trial nothing is known of how far others would lie.
    spreads = [0.0 if math.isnan(each.spread) else each.spread for each in means]
    panel.errorbar(places, heights, yerr=spreads, color=COLORS[1], capsize=2, linewidth=1)
    if axis.is_log:
        panel.set_xscale("log")
        # Powers of ten would be set in a way that the page's drawings do not read.
        panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=8))
        panel.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        panel.xaxis.set_minor_formatter(NullFormatter())
    if axis.ticks:
        panel.set_xticks(list(axis.ticks), list(axis.ticks.values()), fontsize=8)
    panel.set_title(axis.name, fontsize=9)
    return f"{axis.name}: {', '.join(map(str, means))}."
