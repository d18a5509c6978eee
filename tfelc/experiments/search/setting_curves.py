"""The metric against the values of each setting (Figure 5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from numpy.typing import NDArray

from tfelc.experiments.search.axis import Axis
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
        texts = [_curve(panel, axis, np.array(values)) for panel, axis in zip(panels, axes, strict=False)]
        for panel in panels[len(axes) :]:
            panel.set_visible(False)
        for panel in panels[:: min(_COLUMNS, len(axes))]:
            panel.set_ylabel(metric)
        return picture(
            figure,
            f"{metric} by setting. {' '.join(texts)}",
            "Dots are complete trials, whose other settings differ too; lines are means, of each value or of fifths of "
            "the trials. As Figure 5 of the paper.",
        )


def _curve(panel: Axes, axis: Axis, values: NDArray[np.float64]) -> str:
    places = np.array(axis.places)
    panel.scatter(places, values, color=COLORS[0], s=14)
    distinct = np.unique(places)
    if len(distinct) <= max(len(axis.ticks), 5):
        groups = [places == place for place in distinct]
    else:
        groups = [np.isin(np.arange(len(places)), part) for part in np.array_split(np.argsort(places), 5)]
    middles = [float(np.median(places[group])) for group in groups]
    means = [float(values[group].mean()) for group in groups]
    panel.plot(middles, means, color=COLORS[1])
    if axis.is_log:
        panel.set_xscale("log")
        # Powers of ten would be set in a way that the page's drawings do not read.
        panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=8))
        panel.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        panel.xaxis.set_minor_formatter(NullFormatter())
    if axis.ticks:
        panel.set_xticks(list(axis.ticks), list(axis.ticks.values()), fontsize=8)
    panel.set_title(axis.name, fontsize=9)
    told = ", ".join(
        f"{mean:.4f} at {axis.ticks.get(middle, f'{middle:.3g}')}" for middle, mean in zip(middles, means, strict=True)
    )
    return f"{axis.name}: {told}."
