"""Mean negative log-likelihood."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_labels, checked_probabilities
from tfelc.metrics.ranker_metric import RankerMetric
from tfelc.metrics.ratio_of_sums import RatioOfSums, user_sums

CLIP = 1e-7  # Float32 probabilities near 1 are no finer than this, so a harder clip would only measure rounding.


def log_loss(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean negative log-likelihood in nats: `-1/n sum_i (y_i log p_i + (1 - y_i) log(1 - p_i))`.

    Args:
        labels: 0 or 1, `(rows,)`.
        probabilities: Within [0, 1], `(rows,)`; clipped to [1e-7, 1 - 1e-7].

    Raises:
        DataError: A label is neither 0 nor 1, a probability lies outside [0, 1], or the lengths differ.

    Example:
        >>> round(log_loss([1, 0], [0.5, 0.75]), 4)
        1.0397
    """
    return float(np.mean(log_losses(labels, probabilities)))


def log_losses(labels: ArrayLike, probabilities: ArrayLike) -> NDArray[np.float64]:
    """What each row adds to the log loss, which is the mean of it.

    Args:
        labels: 0 or 1, `(rows,)`.
        probabilities: Within [0, 1], `(rows,)`; clipped to [1e-7, 1 - 1e-7].

    Returns:
        The negative log-likelihoods in nats, `(rows,)`.

    Raises:
        DataError: As for `log_loss`.

    Example:
        >>> log_losses([1, 0], [0.5, 0.75]).round(4).tolist()
        [0.6931, 1.3863]
    """
    checked = checked_labels(labels)
    likely = np.clip(checked_probabilities(probabilities, len(checked)), CLIP, 1 - CLIP)
    losses: NDArray[np.float64] = -np.log(np.where(checked == 1, likely, 1 - likely))
    return losses


def _resampled(
    labels: NDArray[np.float64], probabilities: NDArray[np.float64], codes: NDArray[np.int64], count: int
) -> RatioOfSums:
    losses = log_losses(labels, probabilities)
    return RatioOfSums(user_sums(losses, codes, count), user_sums(np.ones_like(losses), codes, count))


LOG_LOSS = RankerMetric("logloss", "log loss", "lower", log_loss, statistic=_resampled)
