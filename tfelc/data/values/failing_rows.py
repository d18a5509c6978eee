"""Which values a cast of Arrow's refuses, where it only says that there are some."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def cast_or_null(array: pa.Array, cast: Callable[[pa.Array], pa.Array]) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Casts what can be cast.

    Args:
        array: The values.
        cast: A cast that raises `pa.ArrowInvalid` where a value does not cast.

    Returns:
        The cast values, null where they do not cast, and where that is.
    """
    bad = np.zeros(len(array), bool)
    try:
        return cast(array), bad
    except pa.ArrowInvalid:
        bad[_failing(array, cast, 0, len(array))] = True
    return cast(array.take(pa.array(np.arange(len(array)), mask=bad))), bad


def _failing(array: pa.Array, cast: Callable[[pa.Array], pa.Array], low: int, high: int) -> list[int]:
    """By halving: a part that casts holds none."""
    try:
        cast(array.slice(low, high - low))
    except pa.ArrowInvalid:
        if high - low == 1:
            return [low]
        middle = (low + high) // 2
        return [*_failing(array, cast, low, middle), *_failing(array, cast, middle, high)]
    return []
