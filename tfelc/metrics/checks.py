"""What every metric asks of its input, so that a broken model or table cannot pass for a number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.core.errors import DataError


def checked_labels(labels: ArrayLike) -> NDArray[np.float64]:
    """Labels as float64, `(rows,)`.

    Raises:
        DataError: There are no rows, or a label is neither 0 nor 1.
    """
    checked = np.asarray(labels, dtype=np.float64)
    if checked.ndim != 1 or len(checked) == 0:
        raise DataError(f"metrics need labels of shape (rows,), at least one. Received: shape={checked.shape}")
    wrong = (checked != 0) & (checked != 1)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"metrics need labels 0 or 1. Row {row} holds {checked[row]:g}")
    return checked


def checked_scores(scores: ArrayLike, rows: int) -> NDArray[np.float64]:
    """Scores as float64, `(rows,)`.

    Raises:
        DataError: Their number is not `rows`, or one is not finite.
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
    """Scores of one model or of several seeds of it, `(rows,)` or `(seeds, rows)`, as one float64 array a seed.

    Raises:
        DataError: They are of another shape, or as for `checked_scores`.
    """
    by_seed = np.asarray(scores, dtype=np.float64)
    if by_seed.ndim not in (1, 2) or by_seed.size == 0:
        raise DataError(f"predictions must be of shape (rows,) or (seeds, rows). Received: shape={by_seed.shape}")
    return [checked_scores(one, rows) for one in np.atleast_2d(by_seed)]


def checked_probabilities(probabilities: ArrayLike, rows: int) -> NDArray[np.float64]:
    """Probabilities as float64, `(rows,)`.

    Raises:
        DataError: Their number is not `rows`, or one is not within [0, 1].
    """
    checked = checked_scores(probabilities, rows)
    wrong = (checked < 0) | (checked > 1)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"metrics need probabilities within [0, 1]. Row {row} holds {checked[row]:g}")
    return checked


def checked_distributions(weights: ArrayLike, what: str) -> NDArray[np.float64]:
    """Rows of weights that sum to 1, as float64, `(rows, parts)`.

    Raises:
        DataError: There are no rows, or a row is no distribution.
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
    """Numbers the users from 0: the code of each row, and how many users there are.

    Raises:
        DataError: Their number is not `rows`, or one is missing.
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
    """Ranks as float64, `(examples,)`.

    Raises:
        DataError: There are none, or one is no whole number from 1.
    """
    checked = np.asarray(ranks, dtype=np.float64)
    if checked.ndim != 1 or len(checked) == 0:
        raise DataError(f"metrics need ranks of shape (examples,), at least one. Received: shape={checked.shape}")
    good = (checked >= 1) & (checked == np.floor(checked))
    if not good.all():
        row = int(np.argmin(good))
        raise DataError(f"metrics need ranks that are whole numbers from 1. Example {row} holds {checked[row]:g}")
    return checked
