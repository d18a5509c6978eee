"""Distance between predicted and observed rates, bin by bin."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tfelc.metrics.calibration_bins import calibration_bins
from tfelc.metrics.ranker_metric import RankerMetric


def expected_calibration_error(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean distance between predicted and observed rate over the 10 bins of `calibration_bins`.

    `sum_b n_b / n |mean_b p - mean_b y|`.

    Args:
        labels: 0 or 1, `(rows,)`.
        probabilities: Within [0, 1], `(rows,)`.

    Returns:
        The error, in [0, 1]. It takes O(n log n).

    Raises:
        DataError: A label is neither 0 nor 1, a probability lies outside [0, 1], or the lengths differ.

    Example:
        >>> round(expected_calibration_error([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.8]), 3)
        0.2
    """
    bins = calibration_bins(labels, probabilities)
    return float(np.abs(bins.predicted - bins.observed).sum() / bins.rows.sum())


# Without an interval: the bins themselves move with the rows that are drawn.
EXPECTED_CALIBRATION_ERROR = RankerMetric("ece", "ECE", "lower", expected_calibration_error)
