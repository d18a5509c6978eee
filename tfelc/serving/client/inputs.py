"""What a caller hands to a client, made into the arrays that a signature takes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from tfelc.next_item.export.conditions import Conditions
from tfelc.serving.client.call_error import CallError
from tfelc.serving.client.signature import Tensor

Array = npt.NDArray[Any]
Values = Mapping[str, Any]
_LISTS = (list, tuple, np.ndarray)
_NUMBERS = (bool, int, float, np.number, np.bool_)


def columns_of(inputs: Any, wanted: Mapping[str, Tensor]) -> dict[str, Any]:
    """The columns of a mapping or of a frame, by name.

    Args:
        inputs: Input -> values; or a frame of pandas, polars or pyarrow, whose other columns are passed over.
        wanted: The signature's inputs.

    Raises:
        CallError: INVALID_ARGUMENT. An input is missing, or a mapping holds one that the signature does not take.
    """
    if isinstance(inputs, Mapping):
        columns = dict(inputs)
        extra = sorted(columns.keys() - wanted.keys())
    elif hasattr(inputs, "column_names"):
        columns = {name: inputs.column(name).to_pylist() for name in inputs.column_names if name in wanted}
        extra = []
    elif hasattr(inputs, "columns"):
        columns = {name: inputs[name] for name in inputs.columns if name in wanted}
        extra = []
    else:
        raise TypeError(f"expected a mapping or a frame. Received: {type(inputs).__name__}")
    missing = sorted(wanted.keys() - columns.keys())
    if extra or missing:
        said = [f"missing: {', '.join(missing)}"] if missing else []
        said += [f"not taken: {', '.join(extra)}"] if extra else []
        raise CallError("INVALID_ARGUMENT", f"the inputs do not fit the signature; {'; '.join(said)}")
    return columns


def to_arrays(columns: Values, wanted: Mapping[str, Tensor]) -> dict[str, Array]:
    """Arrays of the types that the signature takes.

    A number is converted where nothing is lost but the digits beyond float32: 5 for a float, 5.0 for an int64, any of
    NumPy's types. An empty list has the type that is taken.

    Args:
        columns: Input -> values: lists, arrays, or columns of a frame.
        wanted: The signature's inputs.

    Raises:
        TypeError: A value is None, or of a kind that the input does not take.
        ValueError: A number does not fit, or lists are of unequal lengths or in too many dimensions.
    """
    return {name: _to_array(name, value, wanted[name]) for name, value in columns.items()}


def check_rows(arrays: Mapping[str, Array], wanted: Mapping[str, Tensor]) -> None:
    """Raises ValueError, which names them, where columns of one row each are of unequal lengths."""
    sizes = {name: len(array) for name, array in arrays.items() if array.ndim and _open(wanted[name])}
    if len(set(sizes.values())) > 1:
        least, most = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
        raise ValueError(f"`{least}` has {sizes[least]} rows and `{most}` has {sizes[most]}; all columns need as many")


def ranking_inputs(user: Values, items: Values) -> dict[str, Any]:
    """The inputs of `rank`: the features of the user and the context once, those of the items as columns.

    Raises:
        TypeError: A feature is given twice.
        ValueError: The items' columns are of unequal lengths.
    """
    if both := sorted(user.keys() & items.keys()):
        raise TypeError(f"`{both[0]}` is given for the user and for the items")
    for name, value in items.items():
        if not hasattr(value, "__len__") or isinstance(value, str | bytes):
            raise TypeError(f"`{name}` takes one value an item. Received: {value!r:.100}")
    sizes = {name: len(value) for name, value in items.items()}
    if len(set(sizes.values())) > 1:
        least, most = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
        raise ValueError(f"`{least}` has {sizes[least]} items and `{most}` has {sizes[most]}; all columns need as many")
    return {**{name: [value] for name, value in user.items()}, **items}


def recommendation_inputs(histories: Sequence[Any], k: int, id_type: Callable[[], type]) -> dict[str, Array]:
    """The inputs of `recommend`: histories padded on the right to the longest.

    Args:
        histories: Raw item ids of each history.
        k: Items wanted for each.
        id_type: Tells the type of the catalog's ids, `int` or `str`, where no history holds one.

    Raises:
        TypeError: The ids are not all whole numbers or all strings, or `k` is no whole number.
    """
    return {"history": _padded("histories", histories, id_type), "k": np.array(operator.index(k), np.int64)}


def attribute_kinds(wanted: Mapping[str, Tensor]) -> dict[str, str]:
    """The attributes that `recommend_with` can be asked for, by its inputs: name -> `category` or `flag`."""
    before = {"where_": "category", "only_": "flag"}
    return {
        name.removeprefix(prefix): kind for name in wanted for prefix, kind in before.items() if name.startswith(prefix)
    }


def condition_inputs(
    conditions: Conditions, rows: int, id_type: Callable[[], type], kinds: Mapping[str, str]
) -> dict[str, Array]:
    """What `recommend_with` takes beside the inputs of `recommend`.

    Args:
        conditions: The conditions of the rows.
        rows: How many there are.
        id_type: As for `recommendation_inputs`.
        kinds: As `attribute_kinds` gives them.

    Raises:
        TypeError: The ids of a list are not all whole numbers or all strings.
    """
    allowed = [conditions.allowed(row) for row in range(rows)]
    return {
        "allow": _padded("allow", [items or [] for items in allowed], id_type),
        "allow_all": np.array([items is None for items in allowed], bool),
        "deny": _padded("deny", [conditions.denied(row) for row in range(rows)], id_type),
        "keep_seen": np.array(conditions.keep_seen, bool),
        "diversity": np.array(conditions.diversity, np.float32),
        **_attribute_inputs(conditions, rows, kinds),
    }


def with_no_conditions(inputs: Any, wanted: Mapping[str, Tensor]) -> Any:
    """The inputs of `recommend_with`, where those that are left out ask for nothing.

    Args:
        inputs: Input -> values, `history` among them; anything else is given back as it is.
        wanted: The signature's inputs.
    """
    if not isinstance(inputs, Mapping) or "history" not in inputs:
        return inputs
    rows, nothing = len(inputs["history"]), {"keep_seen": False, "diversity": 0.0, "allow_all": "allow" not in inputs}
    made: dict[str, Any] = {}
    for name in wanted.keys() - inputs.keys() - {"k"}:
        if name in ("allow", "deny") or name.startswith("where_"):
            made[name] = [[] for _ in range(rows)]
        elif name in nothing or name.startswith(("only_", "at_most_")):
            # One for each row, which a server that batches wants, too.
            made[name] = [nothing.get(name, False if name.startswith("only_") else 0)] * rows
    return {**inputs, **made}


def _attribute_inputs(conditions: Conditions, rows: int, kinds: Mapping[str, str]) -> dict[str, Array]:
    made: dict[str, Array] = {}
    wanted = [conditions.wanted(row) for row in range(rows)]
    for name, kind in kinds.items():
        asked = [each.get(name) for each in wanted]
        if kind == "flag":
            made[f"only_{name}"] = np.array([each is not None for each in asked], bool)
        else:
            made[f"where_{name}"] = _padded(name, [each or () for each in asked], lambda: str)
            made[f"at_most_{name}"] = np.array(conditions.at_most.get(name, 0), np.int64)
    return made


def _padded(name: str, lists: Sequence[Any], id_type: Callable[[], type]) -> Array:
    rows = [list(items) for items in lists]
    kinds = {type(item.item() if isinstance(item, np.generic) else item) for row in rows for item in row}
    if not (kinds <= {int} or kinds <= {str, bytes}):
        raise TypeError(f"{name} hold ids of one kind, whole numbers or strings. Received: {rows!r:.200}")
    width = max(map(len, rows), default=0)
    whole = kinds == {int} if kinds else id_type() is int
    padding: int | str = -1 if whole else ""
    padded = np.full((len(rows), width), padding, np.int64 if whole else object)
    for row, items in zip(padded, rows, strict=True):
        row[: len(items)] = items
    return padded


def _open(tensor: Tensor) -> bool:
    return bool(tensor.shape) and tensor.shape is not None and tensor.shape[0] is None


def _to_array(name: str, value: Any, tensor: Tensor) -> Array:
    if tensor.dtype.kind == "V":
        raise TypeError(f"`{name}` is of a type that the clients do not know")
    if hasattr(value, "to_numpy"):  # a column of a frame
        value = value.to_numpy()
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf" and not tensor.strings:
        array = _number(name, value, tensor.dtype)
    else:
        flat, shape = _flatten(name, value)
        array = (_strings(name, flat) if tensor.strings else _numbers(name, flat, tensor.dtype)).reshape(shape)
    return _shaped(name, array, tensor.shape)


def _flatten(name: str, value: Any) -> tuple[list[Any], tuple[int, ...]]:
    values, shape = [value.tolist() if isinstance(value, np.ndarray) else value], []
    while values and all(isinstance(each, _LISTS) for each in values):
        sizes = set(map(len, values))
        if len(sizes) > 1:
            raise ValueError(f"`{name}` holds lists of {min(sizes)} and of {max(sizes)} values; pad them to one length")
        shape.append(sizes.pop())
        values = list(chain.from_iterable(values))
    if any(isinstance(each, _LISTS) for each in values):
        raise ValueError(f"`{name}` holds lists beside single values")
    if any(each is None for each in values):
        fix = "send NaN for a missing number, and the schema's missing value for anything else"
        raise TypeError(f"`{name}` holds None; {fix}")
    return values, tuple(shape)


def _strings(name: str, values: list[Any]) -> Array:
    for each in values:
        if not isinstance(each, str | bytes):
            raise TypeError(f"`{name}` takes strings. Received: {each!r:.100}")
    made = np.empty(len(values), object)
    made[:] = values
    return made


def _numbers(name: str, values: list[Any], dtype: np.dtype[Any]) -> Array:
    if not values:
        return np.empty(0, dtype)
    for each in values:
        if not isinstance(each, _NUMBERS):
            raise TypeError(f"`{name}` takes {dtype}. Received: {each!r:.100}")
    return _number(name, np.array(values), dtype)


def _number(name: str, array: Array, dtype: np.dtype[Any]) -> Array:
    if array.dtype == dtype:
        return array
    if array.dtype.kind not in "biuf" or (dtype.kind == "b" and array.dtype.kind != "b"):
        raise TypeError(f"`{name}` takes {dtype}. Received: {array.ravel()[:3].tolist()!r:.100}")
    with np.errstate(all="ignore"):
        made = array.astype(dtype)
        if dtype.kind in "fc" and array.dtype.kind == "f":
            wrong = np.isinf(made) & np.isfinite(array)
        else:
            wrong = (made.astype(array.dtype) != array) | ((made < 0) != (array < 0))
    if wrong.any():
        raise ValueError(f"`{name}` takes {dtype}, which cannot hold {array[wrong].ravel()[0].item()!r}")
    return made


def _shaped(name: str, array: Array, shape: tuple[int | None, ...] | None) -> Array:
    if shape is None:
        return array
    if not array.size and array.ndim < len(shape):
        return array.reshape(array.shape + (0,) * (len(shape) - array.ndim))
    fits = array.ndim == len(shape) and all(want in (None, size) for want, size in zip(shape, array.shape, strict=True))
    if not fits:
        wanted = "x".join("any" if size is None else str(size) for size in shape) or "one value"
        given = "x".join(map(str, array.shape)) or "one value"
        raise ValueError(f"`{name}` takes values in the shape {wanted}. Received: {given}")
    return array
