"""A number column of an Arrow table as an array."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def number_values(column: pa.ChunkedArray) -> NDArray[np.float32]:
    """A number column as float32, missing values as NaN.

    Example:
        >>> number_values(pa.chunked_array([[1, None]])).tolist()
        [1.0, nan]
    """
    return column.cast(pa.float32(), safe=False).to_numpy().astype(np.float32, copy=False)
