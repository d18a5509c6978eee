"""Lists as text."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from tfelc.schema.column import Column


def split_lists(table: pa.Table, columns: Mapping[str, Column]) -> pa.Table:
    """Splits the text of list columns at each `|`, as a CSV file has them; other columns stay."""
    for name, column in columns.items():
        if column.kind == "list" and name in table.column_names:
            texts = table[name].combine_chunks()
            lists = pc.split_pattern(texts, "|")
            lists = pc.if_else(pc.equal(texts, ""), pa.scalar([], lists.type), lists)
            table = table.set_column(table.column_names.index(name), name, lists)
    return table
