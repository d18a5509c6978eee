"""Log loss over that of the base rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tfelc.metrics.checks import checked_labels
from tfelc.metrics.log_loss import log_loss


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

    Source: He et al. (2014), practical lessons from predicting clicks on ads at Facebook.
    """
    loss = log_loss(labels, probabilities)
    rate = float(checked_labels(labels).mean())
    if rate in (0.0, 1.0):
        return float("nan")
    return float(loss / -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate)))
