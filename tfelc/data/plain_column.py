"""Columns as a prepared dataset holds them, without the dictionaries that its reader makes."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tfelc.data.contract import arrow_type
from tfelc.schema.column import Column


def plain_column(values: pa.ChunkedArray, column: Column) -> pa.Array:
    """One array of the column's type, without dictionaries; a null list is an empty one."""
    array = values.combine_chunks()
    if not column.is_listed:
        return array.cast(arrow_type(column))
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    offsets = pa.array([0, *lengths.cumsum().tolist()], pa.int32())
    return pa.ListArray.from_arrays(offsets, array.flatten().cast(arrow_type(column).value_type))
