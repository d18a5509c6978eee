"""Predicted and observed positives, bin by bin."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_labels, checked_probabilities

BINS = 10


class CalibrationBins(NamedTuple):
    """The result of `calibration_bins`, each `(bins,)`; a bin without rows holds zeros.

    Attributes:
        rows: Rows of the bin.
        predicted: Sum of their predictions.
        observed: Their positives.

    Example:
        >>> bins = CalibrationBins(np.array([2.0]), np.array([0.8]), np.array([1.0]))
        >>> (bins.observed / bins.rows).tolist()
        [0.5]
    """

    rows: NDArray[Any]
    predicted: NDArray[Any]
    observed: NDArray[Any]


def calibration_bins(labels: ArrayLike, probabilities: ArrayLike, number: int = BINS) -> CalibrationBins:
    """Sums over bins of equal mass, between quantiles of the predictions.

    Rates of a few percent would all fall into one bin of equal width. Equal predictions always share a bin.

    Args:
        labels: 0 or 1, `(rows,)`.
        probabilities: Within [0, 1], `(rows,)`.
        number: Number of bins. Defaults to 10, between the deciles.

    Raises:
        DataError: A label is neither 0 nor 1, a probability lies outside [0, 1], or the lengths differ.

    Example:
        >>> bins = calibration_bins([1, 0, 1, 1], [0.2, 0.2, 0.2, 0.2])
        >>> bins.rows.tolist(), round(float(bins.predicted.sum()), 3), float(bins.observed.sum())
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 4], 0.8, 3.0)
    """
    checked = checked_labels(labels)
    predicted = checked_probabilities(probabilities, len(checked))
    edges = np.quantile(predicted, np.arange(1, number) / number)
    bins = np.searchsorted(edges, predicted, side="right")
    return CalibrationBins(
        np.bincount(bins, minlength=number),
        np.bincount(bins, predicted, minlength=number),
        np.bincount(bins, checked, minlength=number),
    )
