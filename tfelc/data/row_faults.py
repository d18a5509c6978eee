"""Rows that break the schema, found one by one and set aside, so that the others can go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tfelc.data.contract import arrow_type, broken_labels, check_type, checked, said_of
from tfelc.data.uneven_sequences import uneven_sequences
from tfelc.data.values.brought import Fault
from tfelc.schema.column import Column
from tfelc.schema.list_sequence import ListSequence


@dataclass(frozen=True)
class RowFault:
    """What is wrong with a row: its index in the table, the column at fault and why."""

    row: int
    column: str
    reason: str


def separate(
    table: pa.Table,
    columns: dict[str, Column],
    never_null: frozenset[str] = frozenset(),
    is_text: bool = False,
    undefined: Mapping[str, Sequence[str]] | None = None,
    sequences: Mapping[str, ListSequence] | None = None,
) -> tuple[pa.Table, list[RowFault]]:
    """Brings rows to the schema's types as `tfelc.data.contract.conform` does, and takes out those that break a rule.

    Args:
        table: The rows, in any types, under the schema's names.
        columns: The columns wanted, with what the schema says of spelling; see `Schema.as_read`.
        never_null: Columns that may not be null, beside those whose kind forbids it.
        is_text: Whether the rows come from a text file, whose cells have no type. Defaults to False.
        undefined: Labels that may be null; see `Schema.undefined_labels`. Defaults to none.
        sequences: Lists that must be equally long. Defaults to none.

    Returns:
        The rows that are left, in order, and the first fault of every other one.

    Raises:
        DataError: A column's type as a whole cannot be brought to the schema's.
    """
    faults: dict[int, RowFault] = {}
    arrays = {}
    undefined = undefined or {}
    for name, column in columns.items():
        received = table.column(name).combine_chunks()
        check_type(name, column, received.type)
        found = checked(received, column, is_text, may_be_null=name in undefined)
        for fault in [*found.faults, *_nulls(found.values, received, name, column, never_null)]:
            for row in np.flatnonzero(fault.rows).tolist():
                if row not in faults:
                    faults[row] = RowFault(row, name, said_of(fault, received[row], column))
        arrays[name] = found.values
    for name, fault in (*broken_labels(arrays, undefined), *uneven_sequences(arrays, sequences or {})):
        for row in np.flatnonzero(fault.rows).tolist():
            faults.setdefault(row, RowFault(row, name, fault.reason))
    rows = pa.table(arrays, schema=pa.schema([(name, arrow_type(column)) for name, column in columns.items()]))
    if faults:
        kept = np.ones(len(table), bool)
        kept[list(faults)] = False
        rows = rows.filter(pa.array(kept))
    return rows, [faults[row] for row in sorted(faults)]


def _nulls(values: pa.Array, received: pa.Array, name: str, column: Column, never_null: frozenset[str]) -> list[Fault]:
    if name not in never_null:
        return []
    # A list that was null has become an empty one.
    said = "must not be null; an empty list has no values" if column.kind == "list" else "must not be null or NaN"
    absent = [array.is_null().to_numpy(zero_copy_only=False) for array in (values, received)]
    return [Fault(np.logical_or(*absent), said)]
