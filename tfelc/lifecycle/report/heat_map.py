"""A table of shares whose cells are the darker the larger they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from tfelc.lifecycle.report.picture import COLORS

# So transparent that the text keeps its contrast, in light and in dark.
_DARKEST = 0.7


def draw_heat_map(
    axes: Axes, shares: NDArray[np.float64], rows: Sequence[str], columns: Sequence[str], title: str, across: str
) -> None:
    """Draws shares of 1 as percentages.

    Args:
        axes: Where to.
        shares: In [0, 1], `(rows, columns)`.
        rows: Names of the rows.
        columns: Names of the columns.
        title: Above.
        across: What the columns are.
    """
    largest = max(float(shares.max()), 1e-9)
    for row, values in enumerate(shares):
        for column, share in enumerate(values):
            opacity = _DARKEST * share / largest
            axes.add_patch(Rectangle((column, row), 1, 1, facecolor=COLORS[0], alpha=opacity, linewidth=0))
            axes.text(column + 0.5, row + 0.5, f"{share:.0%}"[:-1], ha="center", va="center", fontsize=9)
    axes.set(xlim=(0, len(columns)), ylim=(len(rows), 0), title=title, xlabel=across)
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns)
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
