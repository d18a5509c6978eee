"""How much of the catalog is recommended to anybody."""

from __future__ import annotations

import numpy as np

from tfelc.metrics.list_metric import ListMetric, Recommended


def coverage(recommended: Recommended) -> float:
    """The share of the catalog's items that are among the best of at least one user.

    It grows with the number of users, so that only figures of the same users compare.

    Args:
        recommended: What is recommended.

    Example:
        >>> coverage(Recommended(np.array([[1, 2], [2, 0]]), np.ones(4), np.array([1, 1]), None))
        0.5
    """
    return len(np.setdiff1d(recommended.items, [0])) / len(recommended.counts)


COVERAGE_20 = ListMetric("coverage@20", "coverage@20", "higher", 20, coverage)
