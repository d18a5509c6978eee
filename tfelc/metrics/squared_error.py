"""Mean squared distance between predicted and observed values, as its root and as a share of their spread."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_scores, checked_values
from tfelc.metrics.ranker_metric import RankerMetric
from tfelc.metrics.ratio_of_sums import user_sums


def root_mean_squared_error(labels: ArrayLike, predictions: ArrayLike) -> float:
    """`sqrt(1/n sum_i (y_i - p_i)^2)`, in the unit of the labels.

    Args:
        labels: Any finite values, `(rows,)`.
        predictions: Any finite values, `(rows,)`.

    Raises:
        DataError: A value is not finite, or the lengths differ.

    Example:
        >>> root_mean_squared_error([10, 0, 4, 2], [7, 1, 4, 5])
        2.179449471770337
    """
    checked = checked_values(labels)
    return math.sqrt(np.mean((checked - checked_scores(predictions, len(checked))) ** 2))


def normalized_error(labels: ArrayLike, predictions: ArrayLike) -> float:
    """The root mean squared error over the standard deviation of the labels: 1 is no better than their mean.

    It has no unit, as the normalized entropy has none; `1 - value^2` is the share of the variance that is explained.

    Args:
        labels: Any finite values, `(rows,)`.
        predictions: Any finite values, `(rows,)`.

    Returns:
        The ratio; NaN where all labels are equal.

    Raises:
        DataError: A value is not finite, or the lengths differ.

    Example:
        >>> normalized_error([1, 3, 1, 3], [2, 2, 2, 2])
        1.0
    """
    deviation = float(checked_values(labels).std())
    return root_mean_squared_error(labels, predictions) / deviation if deviation else math.nan


class _Resampled:
    """Either error under any number of draws of each user."""

    def __init__(
        self,
        labels: NDArray[np.float64],
        predictions: NDArray[np.float64],
        codes: NDArray[np.int64],
        count: int,
        normalized: bool,
    ) -> None:
        # About the mean, so that large labels of a small spread lose no digits.
        centered = labels - labels.mean()
        values = (np.ones_like(labels), (labels - predictions) ** 2, centered, centered**2)
        self._sums = np.stack([user_sums(each, codes, count) for each in values], axis=1)
        self._normalized = normalized

    def __call__(self, draws: NDArray[np.float64]) -> NDArray[np.float64]:
        rows, squares, sums, centered = (draws @ self._sums).T
        with np.errstate(invalid="ignore", divide="ignore"):
            below = centered / rows - (sums / rows) ** 2 if self._normalized else np.ones_like(rows)
            found: NDArray[np.float64] = np.sqrt(squares / rows / np.where(below > 0, below, np.nan))
        return found


ROOT_MEAN_SQUARED_ERROR = RankerMetric(
    "rmse",
    "RMSE",
    "lower",
    root_mean_squared_error,
    statistic=partial(_Resampled, normalized=False),
    judges="values",
)
NORMALIZED_ERROR = RankerMetric(
    "nrmse", "RMSE/SD", "lower", normalized_error, statistic=partial(_Resampled, normalized=True), judges="values"
)
