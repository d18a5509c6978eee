"""Metrics that are one sum over users divided by another, such as means over rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class RatioOfSums:
    """`sum_u d_u a_u / sum_u d_u b_u` under any draws `d` of each user; NaN where the lower sum is not positive.

    It is a `Statistic`.

    Args:
        upper: The share of each user in the upper sum, `a`, `(users,)`.
        lower: The share of each user in the lower sum, `b`, at least 0, `(users,)`.

    Example:
        >>> clicks, rows = np.array([1.0, 3.0]), np.array([2.0, 3.0])
        >>> rate = RatioOfSums(clicks, rows)
        >>> rate(np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 0.0]])).tolist()
        [0.8, 0.5, nan]
    """

    def __init__(self, upper: NDArray[np.float64], lower: NDArray[np.float64]) -> None:
        self._upper = upper
        self._lower = lower

    def __call__(self, draws: NDArray[np.float64]) -> NDArray[np.float64]:
        """The ratio of each resample, `(replicates,)`, from the draws of each user, `(replicates, users)`."""
        below = draws @ self._lower
        value: NDArray[np.float64] = np.full(len(draws), np.nan)
        return np.divide(draws @ self._upper, below, out=value, where=below > 0)


def user_sums(values: NDArray[np.float64], codes: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Sums of the rows of each user.

    Args:
        values: A number for each row, `(rows,)`.
        codes: Number of each row's user from 0, `(rows,)`.
        count: Number of users.

    Returns:
        The sums, `(count,)`; 0 for a user without a row.

    Example:
        >>> user_sums(np.array([1.0, 2.0, 4.0]), np.array([1, 0, 1]), 3).tolist()
        [2.0, 5.0, 0.0]
    """
    return np.bincount(codes, values, minlength=count).astype(np.float64, copy=False)
