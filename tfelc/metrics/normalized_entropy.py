"""Log loss over that of the base rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_labels
from tfelc.metrics.log_loss import log_loss, log_losses
from tfelc.metrics.ranker_metric import RankerMetric
from tfelc.metrics.ratio_of_sums import user_sums


def normalized_entropy(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Log loss divided by the entropy of the base rate: 1 is no better than predicting the mean, 0 is perfect.

    `log_loss(y, p) / -(q log q + (1 - q) log(1 - q))`, with `q` the share of positives in `labels`.

    Args:
        labels: 0 or 1, `(rows,)`.
        probabilities: Within [0, 1], `(rows,)`.

    Returns:
        The ratio; NaN where one of the two classes is absent.

    Raises:
        DataError: A label is neither 0 nor 1, a probability lies outside [0, 1], or the lengths differ.

    Example:
        >>> round(normalized_entropy([1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25]), 6)
        1.0

    Source: He et al. (2014), practical lessons from predicting clicks on ads at Facebook.
    """
    loss = log_loss(labels, probabilities)
    rate = float(checked_labels(labels).mean())
    if rate in (0.0, 1.0):
        return float("nan")
    return float(loss / -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate)))


class _Resampled:
    """Normalized entropy under any number of draws of each user; the base rate is that of what is drawn."""

    def __init__(
        self, labels: NDArray[np.float64], probabilities: NDArray[np.float64], codes: NDArray[np.int64], count: int
    ) -> None:
        self._losses = user_sums(log_losses(labels, probabilities), codes, count)
        self._positives = user_sums(labels, codes, count)
        self._rows = user_sums(np.ones_like(labels), codes, count)

    def __call__(self, draws: NDArray[np.float64]) -> NDArray[np.float64]:
        rows, positives = draws @ self._rows, draws @ self._positives
        found: NDArray[np.float64] = np.full(len(draws), np.nan)
        both = (positives > 0) & (positives < rows)
        rate = positives[both] / rows[both]
        entropy = -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))
        found[both] = (draws @ self._losses)[both] / rows[both] / entropy
        return found


NORMALIZED_ENTROPY = RankerMetric("ne", "NE", "lower", normalized_entropy, statistic=_Resampled)
