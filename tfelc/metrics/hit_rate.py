"""Share of users whose next item is among the first."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_ranks


def hit_rate(ranks: ArrayLike, k: int) -> float:
    """`HR@k`: share of examples whose target ranks within the first `k`; with one target also called recall.

    Args:
        ranks: Rank of each target from 1, `(examples,)`.
        k: Length of the list.

    Raises:
        DataError: There are no ranks, or one is below 1.
    """
    return float(np.mean(hit_gains(ranks, k)))


def hit_gains(ranks: ArrayLike, k: int) -> NDArray[np.float64]:
    """What each example adds to `HR@k`, `(examples,)`."""
    return (checked_ranks(ranks) <= k).astype(np.float64)
