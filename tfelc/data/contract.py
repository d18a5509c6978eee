"""What a prepared table looks like in Arrow, and how any table is brought to it."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import DataError
from tfelc.data.delays.misplaced_events import misplaced_events
from tfelc.data.log_batch import LogBatch
from tfelc.data.uneven_sequences import uneven_sequences
from tfelc.data.unfit_labels import unfit_labels
from tfelc.data.values.bring import bring
from tfelc.data.values.brought import Brought, Fault
from tfelc.data.values.masks import mask_of
from tfelc.data.values.type_rules import takes
from tfelc.schema.column import OUTCOME_KINDS, Column
from tfelc.schema.schema import Schema

_VALUES = {"float": pa.float32(), "integer": pa.int64(), "string": pa.string()}
_BY_KIND = {
    "number": pa.float32(),
    "label": pa.int8(),
    "group": pa.string(),
    "weight": pa.float32(),
    "timestamp": pa.int64(),
    "value": pa.float32(),
    "event_time": pa.int64(),
}
_NEVER_NULL = ("label", "id", "weight", "timestamp", "value")
_FINITE = "a number must be finite or null"
# Of one that is finite in its file, and beyond what the column holds.
_WITHIN = "a number must lie within float32 (3.4e38)"
_LONGEST_VALUE = 80
_NO_ROWS = np.empty(0, bool)
_NUMERIC = re.compile(r"[-+.0-9eE]+")


def arrow_type(column: Column) -> pa.DataType:
    """Arrow type of a column in a prepared table."""
    if column.kind in _BY_KIND:
        return _BY_KIND[column.kind]
    value = _VALUES[column.value_type]
    return pa.list_(value) if column.is_listed else value


def arrow_schema(schema: Schema) -> pa.Schema:
    """Arrow schema of a prepared table: the schema's columns in their order."""
    return pa.schema([pa.field(name, arrow_type(column)) for name, column in schema.columns.items()])


def leaf_of(field: pa.Field) -> str:
    """Parquet's own name of a column: that of its values, where they lie in lists."""
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)


def under_schema_names(table: pa.Table, columns: Mapping[str, Column]) -> pa.Table:
    """The columns wanted under their names in the schema; files and frames may call them otherwise, or lack them."""
    names = {name: column.source or name for name, column in columns.items()}
    there = {name: source for name, source in names.items() if source in table.column_names}
    return table.select(list(there.values())).rename_columns(list(there))


def conform(
    table: pa.Table,
    schema: Schema,
    where: str,
    first_row: int = 0,
    is_text: bool = False,
    in_seconds: bool = False,
) -> pa.Table:
    """Brings a table to the schema's types and checks its values; columns the schema lacks are dropped.

    What becomes of each type is told in docs/schema.md. A NaN becomes null, a null list the empty list, and a null
    inside a list the column's value for "missing".

    Args:
        table: The rows, under the schema's names.
        schema: The columns wanted.
        where: Where the rows come from, for the messages.
        first_row: Number of the table's first row at `where`, for the messages.
        is_text: Whether they come from a text file, whose cells have no type. Defaults to False.
        in_seconds: Whether times that are bare numbers are seconds, to become microseconds. Defaults to False.

    Returns:
        The table, of the type `arrow_schema(schema)`.

    Raises:
        DataError: A column is missing or of a type that it cannot be of, or a value breaks a rule.
    """
    arrays = {}
    undefined = schema.undefined_labels
    for name, column in schema.as_read().items():
        if name not in table.column_names:
            raise DataError(f"{where}: column `{name}` is missing; the table has {_listing(table.column_names)}")
        batch = LogBatch(where, first_row, table, is_text)
        arrays[name] = checked_column(batch, name, column, in_seconds, name in undefined)
    faults = (
        *broken_labels(arrays, undefined),
        *unfit_labels(arrays, schema.tasks),
        *uneven_sequences(arrays, schema.sequences),
        *misplaced_events(arrays, schema, where),
    )
    for name, fault in faults:
        row = int(np.argmax(fault.rows))
        raise DataError(f"{where}: column `{name}`, row {first_row + row}: {fault.reason}")
    return pa.table(list(arrays.values()), schema=arrow_schema(schema))


def checked_column(
    batch: LogBatch, name: str, column: Column, in_seconds: bool = False, may_be_null: bool = False
) -> pa.Array:
    """One column of a batch in its type; raises DataError with the first row at fault.

    Args:
        batch: The rows.
        name: The column's name in the batch.
        column: The column, with what the schema says of spelling.
        in_seconds: Whether times that are bare numbers are seconds. Defaults to False.
        may_be_null: Whether a label may be null. Defaults to False.
    """
    array = batch.table.column(name)
    if isinstance(array, pa.ChunkedArray):
        # `combine_chunks` would copy a single one.
        array = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
    place = f"{batch.where}: column `{name}`"
    if not takes(column, array.type):
        row = max(0, pc.index(array.is_valid(), pa.scalar(True)).as_py())
        scalar = array[row] if len(array) else pa.scalar(None)
        said = said_of(Fault(_NO_ROWS), scalar, column)
        raise DataError(f"{place}, row {batch.first_row + row}: {said} ({array.type})")
    found = checked(array, column, batch.is_text, in_seconds, may_be_null)
    if found.faults:
        _raise_first(found, array, column, place, batch.first_row)
    for note in found.notes:
        warnings.warn(f"column `{name}`: {note}", DataWarning, stacklevel=2)
    return found.values


def check_type(name: str, column: Column, found: pa.DataType, where: str = "") -> None:
    """Raises DataError where no value of a type could be brought to the column's."""
    if not takes(column, found):
        place = f"{where}: " if where else ""
        raise DataError(f"{place}column `{name}` is {found}, which is no {column.kind} ({arrow_type(column)})")


def checked(
    array: pa.Array, column: Column, is_text: bool = False, in_seconds: bool = False, may_be_null: bool = False
) -> Brought:
    """Brings an array to its column's type; the faults are those of single values and of the column's rules.

    Args:
        array: The values, of a type that `check_type` lets pass.
        column: The column, with what the schema says of spelling.
        is_text: Whether it comes from a text file. Defaults to False.
        in_seconds: Whether times that are bare numbers are seconds. Defaults to False.
        may_be_null: Whether a label may be null. Defaults to False.
    """
    found = bring(array, column, arrow_type(column), is_text, in_seconds)
    rules = broken_rules(found.values, column, may_be_null)
    faults = [Fault(mask_of(bad), rule) for bad, rule in rules if pc.any(bad).as_py()]
    return Brought(found.values, (*found.faults, *faults), found.notes)


def broken_rules(array: pa.Array, column: Column, may_be_null: bool = False) -> Iterator[tuple[pa.Array, str]]:
    """What the values of a cast column must obey: where each rule is broken, and the rule in words."""
    if column.kind in _NEVER_NULL and not may_be_null and array.null_count:
        hint = "; `nullable: true` lets its tasks leave such rows out" if column.kind in OUTCOME_KINDS else ""
        yield pc.is_null(array), f"a {column.kind} must not be null or NaN{hint}"
    if column.kind == "label":
        yield pc.or_(pc.less(array, 0), pc.greater(array, 1)), "a label must be 0 or 1"
    elif column.kind == "weight":
        bad = pc.or_(pc.invert(pc.is_finite(array)), pc.less(array, 0))
        yield bad, "a weight must be finite and >= 0"
    elif column.kind == "value":
        yield pc.invert(pc.is_finite(array)), "a value must be finite"
    elif column.kind == "vector":
        lengths = pc.list_value_length(array)
        bad = pc.and_(pc.not_equal(lengths, 0), pc.not_equal(lengths, column.width))
        yield bad, f"a vector of `width: {column.width}` must have as many numbers, or none"
        holed = np.zeros(len(array), bool)
        holed[pc.list_parent_indices(array).filter(array.flatten().is_null()).to_numpy()] = True
        yield pa.array(holed), "a vector must have all of its numbers, or none"
    elif column.kind == "number":
        yield pc.is_inf(array), _FINITE
        if column.value_type == "integer":
            # The served model takes an int64 and would refuse the whole batch.
            bad = pc.or_(pc.not_equal(array, pc.trunc(array)), pc.greater_equal(pc.abs(array), pa.scalar(2.0**63)))
            yield bad, "a number of type integer must be whole"


def broken_labels(
    arrays: Mapping[str, pa.Array], undefined: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, Fault]]:
    """Labels that are null though their condition came.

    Args:
        arrays: The columns by name, in their types.
        undefined: What `Schema.undefined_labels` says.
    """
    for name, conditions in undefined.items():
        if name not in arrays or not arrays[name].null_count:
            continue
        for condition in conditions:
            if condition in arrays:
                bad = mask_of(pc.and_(pc.is_null(arrays[name]), pc.equal(arrays[condition], 1)))
                if bad.any():
                    yield name, Fault(bad, f"a label must not be null where `{condition}` is 1")


def said_of(fault: Fault, scalar: pa.Scalar, column: Column) -> str:
    """A fault in words, with the value as its file holds it."""
    received = _python_value(scalar)
    if not fault.reason:
        return f"not a value of kind {column.kind} ({arrow_type(column)}). Received: {_shown(received)}"
    if received is None or (isinstance(received, float) and math.isnan(received)):
        return fault.reason
    is_number = isinstance(received, str) and _NUMERIC.fullmatch(received)
    reason = _WITHIN if fault.reason == _FINITE and "inf" not in str(received).lower() else fault.reason
    return f"{reason}. Received: {received if is_number else _shown(received)}"


def _raise_first(found: Brought, array: pa.Array, column: Column, place: str, first_row: int) -> NoReturn:
    rows: list[NDArray[np.bool_]] = [fault.rows for fault in found.faults]
    row = int(np.argmax(np.logical_or.reduce(rows)))
    fault = next(fault for fault in found.faults if fault.rows[row])
    raise DataError(f"{place}, row {first_row + row}: {said_of(fault, array[row], column)}")


def _python_value(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):  # a time that Python has none for, or bytes that are no text
        return scalar.cast(pa.int64() if pa.types.is_temporal(scalar.type) else pa.binary()).as_py()


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]} ..."


def _listing(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown or "no column"
