"""How little known the recommended items are."""

from __future__ import annotations

import math

import numpy as np

from tfelc.metrics.list_metric import ListMetric, Recommended


def novelty(recommended: Recommended) -> float:
    """Mean self-information of the recommended items in bits, `-log2 p`, by their shares of all training actions.

    One is added to each count, so that an item which nobody took has a share too.

    Args:
        recommended: What is recommended.

    Returns:
        NaN where nothing is recommended.

    Example:
        >>> novelty(Recommended(np.array([[1, 2], [2, 0]]), np.array([1, 0, 4]), np.array([1, 1]), None))
        2.6666666666666665

    Source: Zhou et al., Solving the apparent diversity-accuracy dilemma of recommender systems (2010).
    """
    shares = (recommended.counts + 1) / (recommended.counts + 1).sum()
    items = recommended.items[recommended.items > 0]
    return float(np.mean(-np.log2(shares[items - 1]))) if len(items) else math.nan


NOVELTY_20 = ListMetric("novelty@20", "novelty@20", "none", 20, novelty)
