"""Predicted over observed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_labels, checked_probabilities
from tfelc.metrics.ranker_metric import RankerMetric
from tfelc.metrics.ratio_of_sums import RatioOfSums, user_sums


def calibration(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Positives predicted over positives observed, `sum_i p_i / sum_i y_i`: above 1 the model promises too much.

    Args:
        labels: 0 or 1, `(rows,)`.
        probabilities: Within [0, 1], `(rows,)`.

    Returns:
        The ratio; NaN where there is no positive.

    Raises:
        DataError: A label is neither 0 nor 1, a probability lies outside [0, 1], or the lengths differ.

    Example:
        >>> calibration([1, 0, 1, 0], [0.9, 0.3, 0.8, 0.5])
        1.25
    """
    checked = checked_labels(labels)
    predicted = checked_probabilities(probabilities, len(checked)).sum()
    observed = checked.sum()
    return float(predicted / observed) if observed else float("nan")


def _resampled(
    labels: NDArray[np.float64], probabilities: NDArray[np.float64], codes: NDArray[np.int64], count: int
) -> RatioOfSums:
    predicted = checked_probabilities(probabilities, len(labels))
    return RatioOfSums(user_sums(predicted, codes, count), user_sums(labels, codes, count))


CALIBRATION = RankerMetric("calibration", "pred/obs", "none", calibration, statistic=_resampled)
