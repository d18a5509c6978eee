"""Normalized discounted cumulative gain with one target."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_ranks


def ndcg(ranks: ArrayLike, k: int) -> float:
    """`NDCG@k`: mean of `1 / log2(rank + 1)` over the examples, where a rank beyond `k` counts 0.

    The ideal list has the one target first, so that its gain is 1 and nothing is left to normalize.

    Args:
        ranks: Rank of each target from 1, `(examples,)`.
        k: Length of the list.

    Raises:
        DataError: There are no ranks, or one is below 1.
    """
    return float(np.mean(ndcg_gains(ranks, k)))


def ndcg_gains(ranks: ArrayLike, k: int) -> NDArray[np.float64]:
    """What each example adds to `NDCG@k`, `(examples,)`."""
    checked = checked_ranks(ranks)
    return np.where(checked <= k, 1 / np.log2(checked + 1), 0.0)
