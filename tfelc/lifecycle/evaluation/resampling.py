"""Resampling of users, with replacement: is a difference more than chance?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BLOCK = 64  # Replicates drawn at a time: keeps the counts of a million users within half a gigabyte.


@dataclass(frozen=True)
class BootstrapResult:
    """The result of a paired bootstrap.

    Attributes:
        difference: Metric of the second predictions minus that of the first, on the rows as they are.
        low: Lower end of the 95 % interval (percentile method).
        high: Upper end.
        p_value: Two-sided, `2 min(P(difference <= 0), P(difference >= 0))` over the replicates and the sample itself.
        replicates: Replicates that count; one in which the metric is not defined does not.
    """

    difference: float
    low: float
    high: float
    p_value: float
    replicates: int


def resampled(
    differences: Callable[[NDArray[np.float64]], NDArray[np.float64]], users: int, replicates: int, seed: int
) -> BootstrapResult:
    """Draws whole users and sums up what the difference becomes.

    Args:
        differences: The difference of each replicate, `(replicates,)`, from the draws of each user,
            `(replicates, users)`; NaN where it is not defined.
        users: Number of users.
        replicates: Resamples.
        seed: Of the resampling.

    Returns:
        Difference on the users as they are, 95 % interval and p-value; NaN where it is not defined.
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for start in range(0, replicates, _BLOCK):
        size = min(_BLOCK, replicates - start)
        draws = (rng.integers(users, size=users) for _ in range(size))
        counts = np.stack([np.bincount(draw, minlength=users) for draw in draws]).astype(np.float64)
        drawn.append(differences(counts))
    sample = np.concatenate(drawn)
    sample = sample[~np.isnan(sample)]
    difference = float(differences(np.ones((1, users)))[0])
    if len(sample) == 0 or np.isnan(difference):
        return BootstrapResult(difference, float("nan"), float("nan"), float("nan"), len(sample))
    low, high = np.quantile(sample, [0.025, 0.975])
    rarer = min(np.sum(sample <= 0), np.sum(sample >= 0))
    p_value = min(1.0, 2 * float(rarer + 1) / (len(sample) + 1))
    return BootstrapResult(difference, float(low), float(high), p_value, len(sample))
