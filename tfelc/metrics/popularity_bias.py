"""How much more popular the recommended items are than those that are taken."""

from __future__ import annotations

import math

import numpy as np

from tfelc.metrics.list_metric import ListMetric, Recommended


def popularity_bias(recommended: Recommended) -> float:
    """Mean training count of the recommended items, divided by that of the items which the users took next.

    1 is as popular as what users take; above 1, the popular is recommended more than it is asked for.

    Args:
        recommended: What is recommended.

    Returns:
        NaN where nothing is recommended, or nothing was taken that training has seen.

    Example:
        >>> popularity_bias(Recommended(np.array([[1, 3], [3, 0]]), np.array([3, 1, 9]), np.array([1, 1]), None))
        2.3333333333333335
    """
    items = recommended.items[recommended.items > 0]
    taken = recommended.counts[recommended.taken - 1].sum() / max(len(recommended.taken), 1)
    return float(np.mean(recommended.counts[items - 1]) / taken) if len(items) and taken > 0 else math.nan


POPULARITY_BIAS_20 = ListMetric("popularity_bias@20", "popularity bias@20", "none", 20, popularity_bias)
