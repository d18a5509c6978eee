"""What a caller hands to a client, made into arrays with a dimension of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Values = Mapping[str, Any]


def to_arrays(inputs: Values) -> dict[str, Array]:
    """Arrays of the columns: decimals as float32, whole numbers as int64, strings and bytes as objects.

    An array of another type is kept as it is. None is no value: send NaN for a missing number and the schema's missing
    value for the rest.

    Raises:
        TypeError: A column holds None, or values of several kinds.
    """
    return {name: _to_array(name, value) for name, value in inputs.items()}


def ranking_inputs(user: Values, items: Values) -> dict[str, Array]:
    """The inputs of `rank`: the features of the user and the context once, those of the items as columns."""
    if both := sorted(user.keys() & items.keys()):
        raise TypeError(f"`{both[0]}` is given for the user and for the items")
    return to_arrays({**{name: [value] for name, value in user.items()}, **items})


def _to_array(name: str, value: Any) -> Array:
    array = np.asarray(value)
    if array.dtype.kind in "USO":
        # Anew, as objects: NumPy would have turned numbers and bytes among the strings into strings.
        array = np.array(value, object)
        if not all(isinstance(each, str | bytes) for each in array.ravel()):
            raise TypeError(
                f"input `{name}`: expected numbers, strings or bytes of one shape. Received: {value!r:.200}"
            )
        return array
    if array.dtype == np.float64 and not isinstance(value, np.ndarray):
        return array.astype(np.float32)
    return array
