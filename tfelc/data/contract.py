"""What a prepared table looks like in Arrow, and how any table is brought to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tfelc.core.errors import DataError
from tfelc.schema.column import Column
from tfelc.schema.schema import Schema

_VALUES = {"float": pa.float32(), "integer": pa.int64(), "string": pa.string()}
_BY_KIND = {
    "number": pa.float32(),
    "label": pa.int8(),
    "group": pa.string(),
    "weight": pa.float32(),
    "timestamp": pa.int64(),
}
_NEVER_NULL = ("label", "id", "weight", "timestamp")


def arrow_type(column: Column) -> pa.DataType:
    """Arrow type of a column in a prepared table."""
    if column.kind in _BY_KIND:
        return _BY_KIND[column.kind]
    value = _VALUES[column.value_type]
    return pa.list_(value) if column.kind == "list" else value


def arrow_schema(schema: Schema) -> pa.Schema:
    """Arrow schema of a prepared table: the schema's columns in their order."""
    return pa.schema([pa.field(name, arrow_type(column)) for name, column in schema.columns.items()])


def leaf_of(field: pa.Field) -> str:
    """Parquet's own name of a column: that of its values, where they lie in lists."""
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)


def conform(table: pa.Table, schema: Schema, where: str, first_row: int = 0) -> pa.Table:
    """Casts a table to the schema's types and checks its values; columns the schema lacks are dropped.

    A NaN becomes null, a null list the empty list, and a null inside a list the column's value for "missing".

    Args:
        table: The rows, in any type that casts without loss.
        schema: The columns wanted.
        where: Where the rows come from, for the messages.
        first_row: Number of the table's first row at `where`, for the messages.

    Returns:
        The table, of the type `arrow_schema(schema)`.

    Raises:
        DataError: A column is missing, a value does not cast, or a label, weight, id or timestamp is out of its range.
    """
    arrays = []
    for name, column in schema.columns.items():
        if name not in table.column_names:
            raise DataError(f"{where}: column `{name}` is missing; the table has {_listing(table.column_names)}")
        array = table.column(name)
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        place = f"{where}: column `{name}`"
        array = _cast(array, column, place, first_row)
        _check(array, column, place, first_row)
        arrays.append(array)
    return pa.table(arrays, schema=arrow_schema(schema))


def _cast(array: pa.Array, column: Column, place: str, first_row: int) -> pa.Array:
    target = arrow_type(column)
    try:
        return cast_values(array, column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        row = _first_failure(array, lambda part: _converted(part, target))
        value = array[row].as_py()
        raise DataError(
            f"{place}, row {first_row + row}: not a value of kind {column.kind} ({target}). Received: {value!r}"
        ) from None


def cast_values(array: pa.Array, column: Column) -> pa.Array:
    """Brings values to the column's type, as `conform` does; raises pyarrow's errors."""
    target = arrow_type(column)
    array = _without_nan(array if array.type == target else _converted(array, target))
    return _without_nulls(array, column) if pa.types.is_list(target) else array


def _converted(array: pa.Array, target: pa.DataType) -> pa.Array:
    array = _without_nan(array)
    if pa.types.is_string(array.type) and pa.types.is_integer(target):
        try:
            return array.cast(target)
        except pa.ArrowInvalid:
            # Whole numbers of a column with gaps are often written as "3.0".
            return _without_nan(array.cast(pa.float64())).cast(target)
    # Float32 rounds a whole number beyond 2^24 as it rounds any other number; pyarrow would refuse it.
    return array.cast(target, safe=not (pa.types.is_integer(array.type) and pa.types.is_floating(target)))


def _without_nan(array: pa.Array) -> pa.Array:
    if pa.types.is_floating(array.type):
        return pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
    return array


def _without_nulls(array: pa.Array, column: Column) -> pa.Array:
    if array.null_count:
        array = pc.if_else(pc.is_null(array), pa.scalar([], array.type), array)
    values = array.flatten()
    if values.null_count:
        lengths = pc.list_value_length(array).to_numpy(zero_copy_only=False)
        offsets = pa.array([0, *lengths.cumsum()], pa.int32())
        array = pa.ListArray.from_arrays(offsets, pc.fill_null(values, column.missing))
    return array


def broken_rules(array: pa.Array, column: Column) -> Iterator[tuple[pa.Array, str]]:
    """What the values of a cast column must obey: where each rule is broken, and the rule in words."""
    if column.kind in _NEVER_NULL:
        yield pc.is_null(array), f"a {column.kind} must not be null or NaN"
    if column.kind == "label":
        yield pc.or_(pc.less(array, 0), pc.greater(array, 1)), "a label must be 0 or 1"
    elif column.kind == "weight":
        bad = pc.or_(pc.invert(pc.is_finite(array)), pc.less(array, 0))
        yield bad, "a weight must be finite and >= 0"
    elif column.kind == "number":
        yield pc.is_inf(array), "a number must be finite or null"


def _check(array: pa.Array, column: Column, place: str, first_row: int) -> None:
    for bad, rule in broken_rules(array, column):
        if pc.any(bad).as_py():
            row = _first_true(bad)
            value = array[row].as_py()
            received = "" if value is None else f". Received: {value}"
            raise DataError(f"{place}, row {first_row + row}: {rule}{received}")


def _first_true(mask: pa.Array) -> int:
    return int(pc.index(mask, pa.scalar(True)).as_py())


def _first_failure(array: pa.Array, convert: Callable[[pa.Array], Any]) -> int:
    """The first row that does not convert, by halving: a slice that converts holds no bad row."""
    low, high = 0, len(array)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            convert(array.take(pa.array(range(low, middle))))  # a slice of a list would still hold all values
            low = middle
        except pa.ArrowException:
            high = middle
    return low


def _listing(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown or "no column"
