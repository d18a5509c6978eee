"""Rows that break the schema, found one by one and set aside, so that the others can go on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.contract import arrow_type, broken_rules, cast_values
from tfelc.schema.column import Column

_LONGEST_VALUE = 80


@dataclass(frozen=True)
class RowFault:
    """What is wrong with a row: its index in the table, the column at fault and why."""

    row: int
    column: str
    reason: str


def separate(
    table: pa.Table, columns: dict[str, Column], never_null: frozenset[str] = frozenset()
) -> tuple[pa.Table, list[RowFault]]:
    """Casts rows to the schema's types as `tfelc.data.contract.conform` does, and takes out those that break a rule.

    Args:
        table: The rows, in any types.
        columns: The columns wanted.
        never_null: Columns that may not be null, beside those whose kind forbids it.

    Returns:
        The rows that are left, in order, and the first fault of every other one.

    Raises:
        DataError: A column's type as a whole cannot be brought to the schema's.
    """
    faults: dict[int, RowFault] = {}
    arrays = {}
    for name, column in columns.items():
        received = table.column(name).combine_chunks()
        array, bad = _cast(received, name, column)
        for row in bad:
            reason = f"not a value of kind {column.kind} ({arrow_type(column)}). Received: {_shown(received[row])}"
            faults.setdefault(row, RowFault(row, name, reason))
        for mask, rule in _rules(array, received, name, column, never_null):
            if not pc.any(mask).as_py():
                continue
            for row in np.flatnonzero(pc.fill_null(mask, False).to_numpy(zero_copy_only=False)).tolist():
                absent = array[row].as_py() is None or received[row].as_py() is None
                said = rule if absent else f"{rule}. Received: {_shown(array[row])}"
                faults.setdefault(row, RowFault(row, name, said))
        arrays[name] = array
    rows = pa.table(arrays, schema=pa.schema([(name, arrow_type(column)) for name, column in columns.items()]))
    if faults:
        kept = np.ones(len(table), bool)
        kept[list(faults)] = False
        rows = rows.filter(pa.array(kept))
    return rows, [faults[row] for row in sorted(faults)]


def check_type(name: str, column: Column, found: pa.DataType, where: str) -> None:
    """Raises DataError where no value of a type could be brought to the column's."""
    try:
        cast_values(pa.array([], found), column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise DataError(
            f"{where}: column `{name}` is {found}, which is no {column.kind} ({arrow_type(column)})"
        ) from None


def _rules(
    array: pa.Array, received: pa.Array, name: str, column: Column, never_null: frozenset[str]
) -> list[tuple[pa.Array, str]]:
    rules = list(broken_rules(array, column))
    if name in never_null:
        # A list that was null has become an empty one.
        said = "must not be null; an empty list has no values" if column.kind == "list" else "must not be null or NaN"
        rules.insert(0, (pc.or_(pc.is_null(array), pc.is_null(received)), said))
    if column.kind == "number" and column.value_type == "integer":
        # The served model takes an int64 and would refuse the whole batch.
        bad = pc.or_(pc.not_equal(array, pc.trunc(array)), pc.greater_equal(pc.abs(array), pa.scalar(2.0**63)))
        rules.append((bad, "a number of type integer must be whole"))
    return rules


def _cast(array: pa.Array, name: str, column: Column) -> tuple[pa.Array, NDArray[np.int64]]:
    """The array in the column's type, null where a value does not cast, and the rows of those values."""
    try:
        return cast_values(array, column), np.empty(0, np.int64)
    except pa.ArrowNotImplementedError:
        raise DataError(f"column `{name}` is {array.type}, which is no {column.kind} ({arrow_type(column)})") from None
    except pa.ArrowInvalid:
        bad = np.array(_not_casting(array, column, 0, len(array)), np.int64)
    hidden = np.zeros(len(array), bool)
    hidden[bad] = True
    return cast_values(array.take(pa.array(np.arange(len(array)), mask=hidden)), column), bad


def _not_casting(array: pa.Array, column: Column, low: int, high: int) -> list[int]:
    """Rows whose value does not cast, by halving: a part that casts holds none."""
    try:
        cast_values(array.take(pa.array(np.arange(low, high))), column)
    except pa.ArrowInvalid:
        if high - low == 1:
            return [low]
        middle = (low + high) // 2
        return [*_not_casting(array, column, low, middle), *_not_casting(array, column, middle, high)]
    return []


def _shown(value: pa.Scalar) -> str:
    text = repr(value.as_py())
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]} ..."
