"""Distance between predicted and observed rates, bin by bin."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tfelc.metrics.checks import checked_labels, checked_probabilities

BINS = 10


def expected_calibration_error(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean distance between predicted and observed rate over 10 bins of equal mass.

    `sum_b n_b / n |mean_b p - mean_b y|`. The bins lie between the deciles of the predictions, since rates of a few
    percent would all fall into one bin of equal width; equal predictions always share a bin.

    Args:
        labels: 0 or 1, `(rows,)`.
        probabilities: Within [0, 1], `(rows,)`.

    Returns:
        The error, in [0, 1]. O(n log n).

    Raises:
        DataError: A label is neither 0 nor 1, a probability lies outside [0, 1], or the lengths differ.
    """
    checked = checked_labels(labels)
    predicted = checked_probabilities(probabilities, len(checked))
    edges = np.quantile(predicted, np.arange(1, BINS) / BINS)
    bins = np.searchsorted(edges, predicted, side="right")
    gaps = np.bincount(bins, predicted, minlength=BINS) - np.bincount(bins, checked, minlength=BINS)
    return float(np.abs(gaps).sum() / len(checked))
