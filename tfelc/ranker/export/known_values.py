"""The vocabularies of an export, beside its graph: what tells how many of the values that are served it never saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfelc.core.errors import ExportError
from tfelc.data.contract import arrow_type
from tfelc.features.fitted import FittedFeatures
from tfelc.schema.column import Column
from tfelc.schema.schema import Schema

# Among what a SavedModel holds beside its graph, and no server loads.
KNOWN_VALUES_FILE = Path("assets.extra", "known_values.parquet")
_COLUMNS = pa.schema([("table", pa.dictionary(pa.int32(), pa.string())), ("text", pa.string()), ("number", pa.int64())])


@dataclass(frozen=True)
class KnownValues:
    """Vocabularies by embedding table; a table that hashes its values has none.

    Attributes:
        tables: Table -> its values.
    """

    tables: Mapping[str, pa.Array]

    @classmethod
    def of(cls, fitted: FittedFeatures) -> Self:
        """The vocabularies that were fitted."""
        return cls({table: _array(values) for table, values in fitted.vocabularies.items()})

    @classmethod
    def load(cls, version: Path) -> Self | None:
        """Reads those of an exported version; None where it was exported without.

        Raises:
            ExportError: The file is damaged.
        """
        path = version / KNOWN_VALUES_FILE
        if not path.exists():
            return None
        try:
            content = pq.read_table(path).combine_chunks()
        except (OSError, pa.ArrowException) as error:
            raise ExportError(f"{path}: damaged: {' '.join(str(error).split())}") from None
        names = content["table"].cast(pa.string())
        tables = {}
        for table in pc.unique(names).to_pylist():
            rows = content.filter(pc.equal(names, table))
            column = "number" if rows["text"].null_count else "text"
            tables[table] = rows[column].combine_chunks()
        return cls(tables)

    def write(self, version: Path) -> None:
        """Writes them into a version; raises OSError where the disk does not take it."""
        path = version / KNOWN_VALUES_FILE
        path.parent.mkdir(exist_ok=True)
        with pq.ParquetWriter(path, _COLUMNS, compression="zstd") as writer:
            for table, values in self.tables.items():
                names = pa.array([table] * len(values)).dictionary_encode()
                empty = {field.name: pa.nulls(len(values), field.type) for field in _COLUMNS}
                kind = "text" if pa.types.is_string(values.type) else "number"
                writer.write_table(pa.table(empty | {"table": names, kind: values}, schema=_COLUMNS))

    def unknown(self, schema: Schema, name: str, values: pa.Array) -> int | None:
        """How many of a category's values, or of those in a list, are in no vocabulary; missing ones do not count.

        Args:
            schema: The features.
            name: The feature.
            values: Its values, in the column's `arrow_type`.

        Returns:
            The number; None for a number, and for a table that hashes.
        """
        column = schema.columns[name]
        known = self.tables.get(schema.table_of(name)[0]) if column.kind != "number" else None
        if known is None:
            return None
        there = present(column, values)
        return len(there) - (pc.sum(pc.is_in(there, value_set=known.cast(there.type))).as_py() or 0)


def present(column: Column, values: pa.Array) -> pa.Array:
    """The values of a category that are there, or all those in lists, each for itself."""
    flat = values.flatten() if pa.types.is_list(arrow_type(column)) else values
    return flat.filter(pc.fill_null(pc.not_equal(flat, column.missing), False))


def _array(values: list[str] | list[int]) -> pa.Array:
    return pa.array(values, pa.int64() if values and isinstance(values[0], int) else pa.string())
