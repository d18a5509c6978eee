"""Which values of a served input are there."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tfelc.ranker.export.signatures import missing_value
from tfelc.schema.column import Column


def present_values(column: Column, array: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where an input holds another value than the one that stands for "missing".

    Args:
        column: The feature.
        array: Its values, as `serving_default` takes them.

    Example:
        >>> column = Column(kind="category", role="item", type="integer")
        >>> present_values(column, np.array([3, -1])).tolist()
        [True, False]
    """
    if column.kind == "vector":
        # A vector is there as a whole, or not.
        return np.repeat(np.isfinite(array).all(axis=-1, keepdims=True), array.shape[-1], axis=-1)
    missing = missing_value(column)
    if isinstance(missing, float):
        return ~np.isnan(array)
    return np.asarray(array != (missing.encode() if isinstance(missing, str) else missing), bool)
