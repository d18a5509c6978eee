"""Mean negative log-likelihood."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tfelc.metrics.checks import checked_labels, checked_probabilities

CLIP = 1e-7  # Float32 probabilities near 1 are no finer than this, so a harder clip would only measure rounding.


def log_loss(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean negative log-likelihood in nats: `-1/n sum_i (y_i log p_i + (1 - y_i) log(1 - p_i))`.

    Args:
        labels: 0 or 1, `(rows,)`.
        probabilities: Within [0, 1], `(rows,)`; clipped to [1e-7, 1 - 1e-7].

    Raises:
        DataError: A label is neither 0 nor 1, a probability lies outside [0, 1], or the lengths differ.
    """
    checked = checked_labels(labels)
    likely = np.clip(checked_probabilities(probabilities, len(checked)), CLIP, 1 - CLIP)
    return float(-np.mean(np.log(np.where(checked == 1, likely, 1 - likely))))
