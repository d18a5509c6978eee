"""Predicted over observed."""

from __future__ import annotations

from numpy.typing import ArrayLike

from tfelc.metrics.checks import checked_labels, checked_probabilities


def calibration(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Positives predicted over positives observed, `sum_i p_i / sum_i y_i`: above 1 the model promises too much.

    Args:
        labels: 0 or 1, `(rows,)`.
        probabilities: Within [0, 1], `(rows,)`.

    Returns:
        The ratio; NaN where there is no positive.

    Raises:
        DataError: A label is neither 0 nor 1, a probability lies outside [0, 1], or the lengths differ.
    """
    checked = checked_labels(labels)
    predicted = checked_probabilities(probabilities, len(checked)).sum()
    observed = checked.sum()
    return float(predicted / observed) if observed else float("nan")
