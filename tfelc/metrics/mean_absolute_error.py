"""Mean distance between predicted and observed values."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_scores, checked_values
from tfelc.metrics.ranker_metric import RankerMetric
from tfelc.metrics.ratio_of_sums import RatioOfSums, user_sums


def mean_absolute_error(labels: ArrayLike, predictions: ArrayLike) -> float:
    """`1/n sum_i |y_i - p_i|`, in the unit of the labels.

    Args:
        labels: Any finite values, `(rows,)`.
        predictions: Any finite values, `(rows,)`.

    Raises:
        DataError: A value is not finite, or the lengths differ.

    Example:
        >>> mean_absolute_error([10, 0, 4], [7, 1, 4])
        1.3333333333333333
    """
    checked = checked_values(labels)
    return float(np.abs(checked - checked_scores(predictions, len(checked))).mean())


def _resampled(
    labels: NDArray[np.float64], predictions: NDArray[np.float64], codes: NDArray[np.int64], count: int
) -> RatioOfSums:
    return RatioOfSums(
        user_sums(np.abs(labels - predictions), codes, count), user_sums(np.ones_like(labels), codes, count)
    )


MEAN_ABSOLUTE_ERROR = RankerMetric("mae", "MAE", "lower", mean_absolute_error, statistic=_resampled, judges="values")
