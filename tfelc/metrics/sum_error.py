"""What is predicted in all, beside what is observed in all."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_scores, checked_values
from tfelc.metrics.ranker_metric import RankerMetric
from tfelc.metrics.ratio_of_sums import RatioOfSums, user_sums


def sum_error(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Relative error of the sum, `sum_i p_i / sum_i y_i - 1`: above 0 the model promises too much.

    Args:
        labels: Finite values, `(rows,)`.
        predictions: Any finite values, `(rows,)`.

    Returns:
        The error; NaN where the labels do not sum to more than 0.

    Raises:
        DataError: A value is not finite, or the lengths differ.

    Example:
        >>> sum_error([2, 0, 6], [3, 1, 6])
        0.25
    """
    checked = checked_values(labels)
    predicted, observed = float(checked_scores(predictions, len(checked)).sum()), float(checked.sum())
    return predicted / observed - 1 if observed > 0 else float("nan")


def _resampled(
    labels: NDArray[np.float64], predictions: NDArray[np.float64], codes: NDArray[np.int64], count: int
) -> RatioOfSums:
    return RatioOfSums(user_sums(predictions - labels, codes, count), user_sums(labels, codes, count))


SUM_ERROR = RankerMetric("sum_error", "sum error", "none", sum_error, statistic=_resampled, judges="values")
