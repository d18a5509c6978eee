"""How far the predictions sort the large values to the top."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_scores, checked_values
from tfelc.metrics.ranker_metric import RankerMetric


def normalized_gini(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Gini coefficient of the labels in the order of the predictions, over that in their own order.

    The Gini coefficient is twice the area between the diagonal and the share of all value that the best-ranked rows
    hold. Rows of equal predictions hold equal shares.

    Args:
        labels: Finite values, at least 0, `(rows,)`.
        predictions: Any finite values, `(rows,)`.

    Returns:
        The ratio, 1 where the order is right and about 0 where it is random; NaN where all labels are equal, or one is
        below 0. It takes O(n log n).

    Raises:
        DataError: A value is not finite, or the lengths differ.

    Example:
        >>> round(normalized_gini([0, 0, 10, 30], [1, 2, 4, 3]), 4)  # 10 before 30
        0.6

    Source: Wang, Liu and Miao, "A Deep Probabilistic Model for Customer Lifetime Value Prediction", 2019, section 4.3.
    """
    checked = checked_values(labels)
    scores = checked_scores(predictions, len(checked))
    if checked.min() < 0:
        return float("nan")
    best = _area(checked, checked)
    return _area(checked, scores) / best if best > 0 else float("nan")


def _area(labels: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    """The area between the diagonal and the shares in the order of the scores, in rows and units of the labels."""
    _, places, counts = np.unique(-scores, return_inverse=True, return_counts=True)
    means = np.bincount(places, labels) / counts
    ordered = np.repeat(means, counts)
    ranks = np.arange(len(labels))
    return float(ordered @ ((len(labels) - 1) / 2 - ranks))


# Without an interval: each resample would have to be sorted anew.
NORMALIZED_GINI = RankerMetric("gini", "Gini", "higher", normalized_gini, judges="values")
