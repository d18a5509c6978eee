"""How unlike each other the items are that a user is recommended."""

from __future__ import annotations

import math

import numpy as np
from scipy import sparse

from tfelc.metrics.list_metric import ListMetric, Recommended

# Users whose lists are held at a time: memory is that of the cosines of all their items.
_USERS = 256


def intra_list_diversity(recommended: Recommended) -> float:
    """1 less the mean cosine of two items of a list, by who took them in training; the mean over users.

    An item is the set of the users who took it, whatever the model that recommends it, so that models compare. An item
    that nobody took is like no other.

    Args:
        recommended: What is recommended.

    Returns:
        NaN where no list has two items.

    Example:
        >>> takers = sparse.csr_matrix([[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]])
        >>> round(intra_list_diversity(Recommended(np.array([[1, 2, 3]]), np.ones(3), np.array([1]), takers)), 4)
        0.7643

    Source: Ziegler et al. (2005), section 3.3; cosine as in item-based collaborative filtering.
    """
    takers = sparse.csr_matrix(recommended.takers, dtype=np.float64)
    counts = np.diff(takers.indptr)
    found = []
    for start in range(0, len(recommended.items), _USERS):
        block = recommended.items[start : start + _USERS]
        rows, places = np.nonzero(block)
        items, columns = np.unique(block[rows, places] - 1, return_inverse=True)
        lists = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), (len(block), len(items)))
        # Of the block's items alone: lists of many users would else hold all who took what is popular, again and again.
        unit = sparse.diags(1 / np.sqrt(np.maximum(counts[items], 1))) @ takers[items]
        # The squared length of a sum of unit vectors is their number and twice all their cosines.
        sums = (lists @ (unit @ unit.T)).multiply(lists).sum(axis=1)
        sizes = np.bincount(rows, minlength=len(block))
        own = np.bincount(rows, weights=counts[items][columns] > 0, minlength=len(block))
        several = sizes > 1
        cosines = (np.asarray(sums).ravel() - own)[several] / (sizes * (sizes - 1))[several]
        found.append(1 - cosines)
    values = np.concatenate([np.zeros(0), *found])
    return float(values.mean()) if len(values) else math.nan


INTRA_LIST_DIVERSITY_20 = ListMetric(
    "intra_list_diversity@20", "intra-list diversity@20", "none", 20, intra_list_diversity
)
