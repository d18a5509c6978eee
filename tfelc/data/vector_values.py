"""A vector column of an Arrow table as a matrix."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def vector_values(lists: pa.Array, width: int) -> NDArray[np.float32]:
    """A vector column as float32 of shape `(rows, width)`, NaN where a row has none.

    Args:
        lists: Its values, each with `width` numbers or none.
        width: How many numbers a vector has.

    Example:
        >>> vector_values(pa.array([[1.0, 2.0], None, []]), 2).tolist()
        [[1.0, 2.0], [nan, nan], [nan, nan]]
    """
    there = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False) > 0
    vectors = np.full((len(lists), width), np.nan, np.float32)
    vectors[there] = lists.flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    return vectors
