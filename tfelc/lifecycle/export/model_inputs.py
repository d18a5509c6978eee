"""Arrow columns as the arrays that a served ranker takes, without a Python object a row."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tfelc.core.errors import DataError
from tfelc.features.lookup import MISSING_INTEGER
from tfelc.schema.column import Column

Array = npt.NDArray[Any]


def scalar_input(name: str, column: Column, values: pa.Array) -> Array:
    """A number or a category column, or the values of a list; nulls become the feature's missing value.

    Args:
        name: Name of the column, for the message.
        column: What it is.
        values: Its values, in the column's `arrow_type`.

    Returns:
        Array of shape `(rows,)`: float32, int64, or bytes as `object`.

    Raises:
        DataError: A number of type `integer` has a fraction, or is no int64.
    """
    if column.is_embedded:
        return _filled(column, values)
    numbers = values.to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
    if column.value_type != "integer":
        return numbers
    if len(bad := numbers[not_integers(numbers)]):
        raise DataError(f"column `{name}`: of `type: integer`, but holds {bad[0]:g}; declare it `type: float`")
    absent = np.isnan(numbers)
    return np.where(absent, MISSING_INTEGER, np.where(absent, 0, numbers).astype(np.int64))


def list_input(column: Column, lists: pa.ListArray, in_sequence: bool = False) -> Array:
    """A list column, padded at the right to the longest list that is left.

    Missing values and what stands before the last `max_length` values do not reach the model anyway; they are dropped
    here, so that one long list does not widen the whole batch.

    Args:
        column: What it is.
        lists: Its values, in the column's `arrow_type`.
        in_sequence: Whether each value has its place beside those of other lists, a missing one too. Defaults to False.

    Returns:
        Array of shape `(rows, length)`: int64, float32, or bytes as `object`.
    """
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    values = lists.flatten()
    if not in_sequence:
        keep = pc.fill_null(pc.not_equal(values, column.missing), False)
        if not pc.all(keep).as_py():
            values, lengths = _kept(values, lengths, keep.to_numpy(zero_copy_only=False))
    if lengths.max(initial=0) > column.max_length:
        ends = np.repeat(np.cumsum(lengths), lengths)
        values, lengths = _kept(values, lengths, np.arange(len(values)) >= ends - column.max_length)
    width = int(lengths.max(initial=0))
    if column.is_embedded:
        padding: Any = column.missing if isinstance(column.missing, int) else column.missing.encode()
        padded = np.full((len(lists), width), padding, np.int64 if column.value_type == "integer" else object)
        padded[np.arange(width) < lengths[:, None]] = _filled(column, values)
    else:
        padded = np.full((len(lists), width), np.nan, np.float32)
        padded[np.arange(width) < lengths[:, None]] = values.to_numpy(zero_copy_only=False)
    return padded


def not_integers(numbers: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Where a number has a fraction, or is outside the int64; NaN stands for a missing one."""
    known = np.nan_to_num(numbers, nan=0.0, posinf=np.inf, neginf=-np.inf)
    return (known != np.trunc(known)) | (np.abs(known) >= 2.0**63)


def _kept(values: pa.Array, lengths: Array, keep: Array) -> tuple[pa.Array, Array]:
    """The values that are kept of each list, and how many."""
    counts = np.concatenate([[0], np.cumsum(keep)])
    ends = np.cumsum(lengths)
    return values.filter(pa.array(keep)), counts[ends] - counts[ends - lengths]


def _filled(column: Column, values: pa.Array) -> Array:
    if column.value_type == "integer":
        return pc.fill_null(values, int(column.missing)).to_numpy(zero_copy_only=False)
    # Each distinct value becomes a Python object once.
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    distinct = np.empty(len(encoded.dictionary) + 1, object)
    distinct[:-1] = encoded.dictionary.cast(pa.binary()).to_numpy(zero_copy_only=False)
    distinct[-1] = str(column.missing).encode()
    return distinct[pc.fill_null(encoded.indices, len(distinct) - 1).to_numpy(zero_copy_only=False)]
