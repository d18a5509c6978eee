"""How much each cluster holds."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tfelc.lifecycle.report.markup import Markup
from tfelc.lifecycle.report.picture import COLORS, drawing, picture


def cluster_sizes(clusters: NDArray[np.integer[Any]], num_clusters: int, what: str) -> Markup:
    """Bars, the largest cluster first.

    Args:
        clusters: Number of each one's cluster, `(rows,)`.
        num_clusters: Clusters of the model.
        what: What is clustered, in the plural.
    """
    shares = np.sort(np.bincount(clusters, minlength=num_clusters) / len(clusters))[::-1]
    with drawing(9, 2.8) as figure:
        axes = figure.subplots()
        axes.bar(np.arange(1, num_clusters + 1), shares, color=COLORS[0])
        axes.axhline(1 / num_clusters, color=COLORS[1], linestyle="--", linewidth=1, label="all alike")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(xlabel="clusters, the largest first", ylabel=f"share of {what}")
        axes.legend()
        return picture(
            figure,
            f"Share of the {what} in each of {num_clusters} clusters: the largest holds {shares[0]:.0%}, and "
            f"{int((shares > 0).sum())} hold anyone.",
            f"{what.capitalize()} of the test split by cluster. The dashed line is what each would hold if all were "
            "alike.",
        )
