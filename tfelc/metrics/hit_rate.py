"""Share of users whose next item is among the first."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_ranks
from tfelc.metrics.ranking_metric import RankingMetric


def hit_rate(ranks: ArrayLike, k: int) -> float:
    """`HR@k`: share of examples whose target ranks within the first `k`; with one target also called recall.

    Args:
        ranks: Rank of each target from 1, `(examples,)`.
        k: Length of the list.

    Raises:
        DataError: There are no ranks, or one is no whole number from 1.

    Example:
        >>> hit_rate([1, 2, 3, 10, 11], k=10)
        0.8
    """
    return float(np.mean(hit_gains(ranks, k)))


def hit_gains(ranks: ArrayLike, k: int) -> NDArray[np.float64]:
    """What each example adds to `HR@k`, which is the mean of it.

    Args:
        ranks: Rank of each target from 1, `(examples,)`.
        k: Length of the list.

    Returns:
        1 for a hit and 0 else, `(examples,)`.

    Raises:
        DataError: There are no ranks, or one is no whole number from 1.

    Example:
        >>> hit_gains([1, 10, 11], k=10).tolist()
        [1.0, 1.0, 0.0]
    """
    return (checked_ranks(ranks) <= k).astype(np.float64)


HR_5, HR_10, HR_20 = (
    RankingMetric(f"hr@{cutoff}", f"HR@{cutoff}", "higher", partial(hit_gains, k=cutoff)) for cutoff in (5, 10, 20)
)
