"""Distance between predicted and observed rates, bin by bin."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tfelc.metrics.calibration_bins import calibration_bins


def expected_calibration_error(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean distance between predicted and observed rate over the 10 bins of `calibration_bins`.

    `sum_b n_b / n |mean_b p - mean_b y|`.

    Args:
        labels: 0 or 1, `(rows,)`.
        probabilities: Within [0, 1], `(rows,)`.

    Returns:
        The error, in [0, 1]. O(n log n).

    Raises:
        DataError: A label is neither 0 nor 1, a probability lies outside [0, 1], or the lengths differ.
    """
    bins = calibration_bins(labels, probabilities)
    return float(np.abs(bins.predicted - bins.observed).sum() / bins.rows.sum())
