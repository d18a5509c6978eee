"""Resampling of users, with replacement: is a difference more than chance?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfelc.metrics.statistic import Statistic

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
    differences: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    users: int,
    replicates: int = 1000,
    seed: int = 0,
) -> BootstrapResult:
    """Draws whole users and sums up what the difference becomes.

    Args:
        differences: The difference of each replicate, `(replicates,)`, from the draws of each user,
            `(replicates, users)`; NaN where it is not defined.
        users: Number of users.
        replicates: Resamples. Defaults to 1000.
        seed: Seed of the resampling. Defaults to 0.

    Returns:
        Difference on the users as they are, 95 % interval and p-value; NaN where it is not defined.

    Example:
        >>> gains = np.array([0.25, 0.5, 0.0, 0.25])
        >>> resampled(lambda draws: draws @ gains / 4, users=4).difference
        0.25
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


def paired(
    first: Sequence[Statistic], second: Sequence[Statistic], users: int, replicates: int = 1000, seed: int = 0
) -> BootstrapResult:
    """Compares two models by a metric on the same draws.

    With several seeds of each model, the compared figure is the difference of the mean metrics over the seeds; the
    interval then covers the choice of users, not that of seeds.

    Args:
        first: The metric of the model to beat, of each of its seeds.
        second: The metric of the other model, likewise; the number of seeds may differ.
        users: Number of users.
        replicates: Resamples. Defaults to 1000.
        seed: Seed of the resampling. Defaults to 0.

    Returns:
        Difference (second minus first), 95 % interval and p-value; NaN where it is not defined.
    """

    def differences(draws: NDArray[np.float64]) -> NDArray[np.float64]:
        before, after = (np.mean([one(draws) for one in model], axis=0) for model in (first, second))
        gained: NDArray[np.float64] = after - before
        return gained

    return resampled(differences, users, replicates, seed)
