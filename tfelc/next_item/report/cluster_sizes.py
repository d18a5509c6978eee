"""How many users each cluster holds."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tfelc.lifecycle.report.markup import Markup
from tfelc.lifecycle.report.picture import COLORS, drawing, picture


def cluster_sizes(clusters: NDArray[np.integer[Any]], count: int) -> Markup:
    """Bars, the largest cluster first.

    Args:
        clusters: Cluster of each user, `(users,)`.
        count: Clusters of the model.
    """
    shares = np.sort(np.bincount(clusters, minlength=count) / len(clusters))[::-1]
    with drawing(9, 2.8) as figure:
        axes = figure.subplots()
        axes.bar(np.arange(1, count + 1), shares, color=COLORS[0])
        axes.axhline(1 / count, color=COLORS[1], linestyle="--", linewidth=1, label="all alike")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(xlabel="clusters, the largest first", ylabel="share of users")
        axes.legend()
        return picture(
            figure,
            f"Share of the users in each of {count} clusters: the largest holds {shares[0]:.0%}, and "
            f"{int((shares > 0).sum())} hold anyone.",
            "Users of the test split by cluster. The dashed line is what each would hold if all were alike.",
        )
