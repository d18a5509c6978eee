"""The order of numbers of which many are equal."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


def counted_order(numbers: NDArray[Any]) -> NDArray[np.int64]:
    """What a stable `argsort` gives of small numbers from 0, by counting: in a time that grows with them alone.

    Args:
        numbers: Array. Whole numbers from 0, `(numbers,)`; memory is also that of as many as the largest.

    Example:
        >>> counted_order(np.array([2, 0, 2, 1])).tolist()
        [1, 3, 0, 2]
    """
    count = len(numbers)
    shape = (int(numbers.max(initial=0)) + 1, max(count, 1))
    # A row for each number, with a column for each place: what is made of it lists the places row by row.
    rows = sparse.csr_matrix((np.ones(count, np.int8), (numbers, np.arange(count))), shape=shape)
    return rows.indices.astype(np.int64)
