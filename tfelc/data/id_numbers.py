"""Raw ids -> numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_LONGEST_INTEGER = 19  # digits of the largest int64


def numbered(ids: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Numbers ids from 0 in their sorted order, whole numbers by value.

    Args:
        ids: Ids, `(rows,)`: integers, or an object array of words as bytes of UTF-8. Words that are all plain whole
            numbers count as integers.

    Returns:
        The distinct ids, sorted, int64 or strings, and the number of each row's id.
    """
    codes, found = pd.factorize(ids)
    distinct: NDArray[Any]
    if np.issubdtype(ids.dtype, np.integer):
        distinct = found.astype(np.int64)
    elif all(_is_plain(word) for word in found):
        distinct = np.array([int(word) for word in found], np.int64)
    else:
        distinct = np.array([word.decode() for word in found], object)
    order = np.argsort(distinct, kind="stable")
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    return distinct[order], number[codes]


def _is_plain(word: bytes) -> bool:
    # A leading zero is no plain number: `07` and `7` are two ids.
    digits = word.removeprefix(b"-")
    if not digits.isdigit() or len(digits) > _LONGEST_INTEGER or (digits[:1] == b"0" and word != b"0"):
        return False
    return -(2**63) <= int(word) < 2**63
