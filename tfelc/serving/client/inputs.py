"""What a caller hands to a client, made into arrays with a dimension of rows."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
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


def recommendation_inputs(histories: Sequence[Any], k: int, id_type: Callable[[], type]) -> dict[str, Array]:
    """The inputs of `recommend`: histories padded on the right to the longest.

    Args:
        histories: Raw item ids of each history.
        k: Items wanted for each.
        id_type: Tells the type of the catalog's ids, `int` or `str`, where no history holds one.

    Raises:
        TypeError: The ids are not all whole numbers or all strings, or `k` is no whole number.
    """
    rows = [list(history) for history in histories]
    kinds = {type(item.item() if isinstance(item, np.generic) else item) for row in rows for item in row}
    if not (kinds <= {int} or kinds <= {str, bytes}):
        raise TypeError(f"histories hold ids of one kind, whole numbers or strings. Received: {rows!r:.200}")
    width = max(map(len, rows), default=0)
    whole = kinds == {int} if kinds else id_type() is int
    padding: int | str = -1 if whole else ""
    padded = np.full((len(rows), width), padding, np.int64 if whole else object)
    for row, history in zip(padded, rows, strict=True):
        row[: len(history)] = history
    return {"history": padded, "k": np.array(operator.index(k), np.int64)}


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
