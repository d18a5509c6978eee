"""Normalized discounted cumulative gain with one target."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_ranks
from tfelc.metrics.ranking_metric import RankingMetric


def ndcg(ranks: ArrayLike, k: int) -> float:
    """`NDCG@k`: mean of `1 / log2(rank + 1)` over the examples, where a rank beyond `k` counts 0.

    The ideal list has the one target first, so that its gain is 1 and nothing is left to normalize.

    Args:
        ranks: Rank of each target from 1, `(examples,)`.
        k: Length of the list.

    Raises:
        DataError: There are no ranks, or one is no whole number from 1.

    Example:
        >>> ndcg([1, 3, 7, 40], k=10)
        0.4583333333333333
    """
    return float(np.mean(ndcg_gains(ranks, k)))


def ndcg_gains(ranks: ArrayLike, k: int) -> NDArray[np.float64]:
    """What each example adds to `NDCG@k`, which is the mean of it.

    Args:
        ranks: Rank of each target from 1, `(examples,)`.
        k: Length of the list.

    Returns:
        The gains, in [0, 1], `(examples,)`.

    Raises:
        DataError: There are no ranks, or one is no whole number from 1.

    Example:
        >>> ndcg_gains([1, 3, 40], k=10).tolist()
        [1.0, 0.5, 0.0]
    """
    checked = checked_ranks(ranks)
    return np.where(checked <= k, 1 / np.log2(checked + 1), 0.0)


NDCG_5, NDCG_10, NDCG_20 = (
    RankingMetric(f"ndcg@{cutoff}", f"NDCG@{cutoff}", "higher", partial(ndcg_gains, k=cutoff)) for cutoff in (5, 10, 20)
)
