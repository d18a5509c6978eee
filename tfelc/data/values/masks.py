"""Arrays and masks of rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def mask_of(array: pa.Array) -> NDArray[np.bool_]:
    """A Boolean array as a mask; null is false."""
    mask: NDArray[np.bool_] = pc.fill_null(array, False).to_numpy(zero_copy_only=False)
    return mask


def without(array: pa.Array, rows: NDArray[np.bool_]) -> pa.Array:
    """The array with nulls in some rows."""
    return pc.if_else(pa.array(~rows), array, pa.scalar(None, array.type)) if rows.any() else array
