"""What every metric asks of its input, so that a broken model or table cannot pass for a number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.core.errors import DataError


def checked_labels(labels: ArrayLike) -> NDArray[np.float64]:
    """Labels as float64.

    Args:
        labels: 0 or 1, `(rows,)`.

    Returns:
        The labels, `(rows,)`.

    Raises:
        DataError: There are no rows, or a label is neither 0 nor 1.

    Example:
        >>> checked_labels([True, False]).tolist()
        [1.0, 0.0]
    """
    checked = np.asarray(labels, dtype=np.float64)
    if checked.ndim != 1 or len(checked) == 0:
        raise DataError(f"metrics need labels of shape (rows,), at least one. Received: shape={checked.shape}")
    wrong = (checked != 0) & (checked != 1)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"metrics need labels 0 or 1. Row {row} holds {checked[row]:g}")
    return checked


def checked_values(labels: ArrayLike) -> NDArray[np.float64]:
    """Labels that are quantities, as float64.

    Args:
        labels: Any finite numbers, `(rows,)`.

    Returns:
        The labels, `(rows,)`.

    Raises:
        DataError: There are no rows, or a label is not finite.

    Example:
        >>> checked_values([3, 0.5]).tolist()
        [3.0, 0.5]
    """
    checked = np.asarray(labels, dtype=np.float64)
    if checked.ndim != 1 or len(checked) == 0:
        raise DataError(f"metrics need labels of shape (rows,), at least one. Received: shape={checked.shape}")
    wrong = ~np.isfinite(checked)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"metrics need finite labels. Row {row} holds {checked[row]:g}")
    return checked


def checked_scores(scores: ArrayLike, rows: int) -> NDArray[np.float64]:
    """Scores as float64.

    Args:
        scores: Any finite numbers, `(rows,)`.
        rows: How many there must be.

    Returns:
        The scores, `(rows,)`.

    Raises:
        DataError: Their number is not `rows`, or one is not finite.

    Example:
        >>> checked_scores([2, -3], 2).tolist()
        [2.0, -3.0]
    """
    checked = np.asarray(scores, dtype=np.float64)
    if checked.shape != (rows,):
        raise DataError(f"metrics need one prediction a label, ({rows},). Received: shape={checked.shape}")
    wrong = ~np.isfinite(checked)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"metrics need finite predictions. Row {row} holds {checked[row]:g}")
    return checked


def checked_seeds(scores: ArrayLike, rows: int) -> list[NDArray[np.float64]]:
    """Scores of one model or of several seeds of it, as one float64 array a seed.

    Args:
        scores: Any finite numbers, `(rows,)` or `(seeds, rows)`.
        rows: How many each seed must have.

    Returns:
        The scores of each seed, `(rows,)` each.

    Raises:
        DataError: They are of another shape, or as for `checked_scores`.

    Example:
        >>> len(checked_seeds([0.1, 0.2], 2)), len(checked_seeds([[0.1, 0.2], [0.3, 0.4]], 2))
        (1, 2)
    """
    by_seed = np.asarray(scores, dtype=np.float64)
    if by_seed.ndim not in (1, 2) or by_seed.size == 0:
        raise DataError(f"predictions must be of shape (rows,) or (seeds, rows). Received: shape={by_seed.shape}")
    return [checked_scores(one, rows) for one in np.atleast_2d(by_seed)]


def checked_probabilities(probabilities: ArrayLike, rows: int) -> NDArray[np.float64]:
    """Probabilities as float64.

    Args:
        probabilities: Within [0, 1], `(rows,)`.
        rows: How many there must be.

    Returns:
        The probabilities, `(rows,)`.

    Raises:
        DataError: Their number is not `rows`, or one is not within [0, 1].

    Example:
        >>> checked_probabilities([0, 0.25], 2).tolist()
        [0.0, 0.25]
    """
    checked = checked_scores(probabilities, rows)
    wrong = (checked < 0) | (checked > 1)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"metrics need probabilities within [0, 1]. Row {row} holds {checked[row]:g}")
    return checked


def checked_distributions(weights: ArrayLike, what: str) -> NDArray[np.float64]:
    """Rows of weights that sum to 1, as float64.

    Args:
        weights: At least 0, `(rows, parts)`.
        what: What they are called in messages, in the plural.

    Returns:
        The weights, `(rows, parts)`.

    Raises:
        DataError: There are no rows, or a row is no distribution.

    Example:
        >>> checked_distributions([[1, 0], [0.5, 0.5]], "gate weights").shape
        (2, 2)
    """
    checked = np.asarray(weights, dtype=np.float64)
    if checked.ndim != 2 or checked.size == 0:
        raise DataError(f"{what} must be of shape (rows, parts), at least one row. Received: shape={checked.shape}")
    # As wide as bfloat16 rounds.
    good = np.all(checked >= 0, axis=1) & (np.abs(checked.sum(axis=1) - 1) < 1e-2)
    if not good.all():
        row = int(np.argmin(good))
        raise DataError(f"{what} must be at least 0 and sum to 1. Row {row} sums to {checked[row].sum():g}")
    return checked


def user_codes(users: NDArray[Any], rows: int) -> tuple[NDArray[np.int64], int]:
    """Numbers the users from 0, in the order of their first rows.

    Args:
        users: User of each row, `(rows,)`; integers or strings.
        rows: How many there must be.

    Returns:
        The number of each row's user, `(rows,)`, and how many users there are.

    Raises:
        DataError: Their number is not `rows`, or one is missing.

    Example:
        >>> codes, count = user_codes(np.array(["b", "a", "b"]), 3)
        >>> codes.tolist(), count
        ([0, 1, 0], 2)
    """
    # Imported here: pandas loads slowly and the other metrics do without.
    import pandas as pd

    if len(users) != rows:
        raise DataError(f"metrics need one user a label, ({rows},). Received: {len(users)}")
    codes, distinct = pd.factorize(np.asarray(users))
    if codes.min() < 0:
        raise DataError(f"metrics by user need a user in every row. Row {int(np.argmin(codes))} has none")
    return codes.astype(np.int64), len(distinct)


def checked_ranks(ranks: ArrayLike) -> NDArray[np.float64]:
    """Ranks as float64.

    Args:
        ranks: Whole numbers from 1, `(examples,)`.

    Returns:
        The ranks, `(examples,)`.

    Raises:
        DataError: There are none, or one is no whole number from 1.

    Example:
        >>> checked_ranks([3, 1]).tolist()
        [3.0, 1.0]
    """
    checked = np.asarray(ranks, dtype=np.float64)
    if checked.ndim != 1 or len(checked) == 0:
        raise DataError(f"metrics need ranks of shape (examples,), at least one. Received: shape={checked.shape}")
    good = (checked >= 1) & (checked == np.floor(checked))
    if not good.all():
        row = int(np.argmin(good))
        raise DataError(f"metrics need ranks that are whole numbers from 1. Example {row} holds {checked[row]:g}")
    return checked
