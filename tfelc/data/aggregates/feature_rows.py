"""Computed columns, read beside the log that they were computed of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from tfelc.data.aggregates.with_features import with_features
from tfelc.schema.schema import Schema

_ROWS = 65_536


class FeatureRows:
    """Files with the same rows in the same order, read side by side, some rows at a time.

    Args:
        files: Streams of Arrow's, each with a column `row_number` and others.
        names: Column of the files -> its name.
        schema: The log's columns, and those that are computed.
        start: Row to begin at. Defaults to 0.
    """

    def __init__(self, files: Sequence[Path], names: Mapping[str, str], schema: Schema, start: int = 0) -> None:
        self._names = dict(names)
        self._schema = schema
        self._parts = [_batches(path) for path in files]
        self._waiting: list[pa.Table | None] = [None] * len(files)
        left = start
        while left:
            left -= len(self.take(min(left, _ROWS)))

    def take(self, rows: int) -> pa.Table:
        """The columns of the next rows."""
        columns: dict[str, pa.ChunkedArray] = {}
        for number, part in enumerate(self._parts):
            table = self._waiting[number]
            while table is None or len(table) < rows:
                more = pa.Table.from_batches([next(part)])
                table = more if table is None else pa.concat_tables([table, more])
            columns |= {name: table[name].slice(0, rows) for name in table.column_names}
            self._waiting[number] = table.slice(rows)
        return pa.table({name: columns[short] for short, name in self._names.items()})

    def added_to(self, table: pa.Table) -> pa.Table:
        """A table of the next rows with the computed columns, in the schema's types and order."""
        if not self._names:
            return table
        return with_features(table, self.take(len(table)), self._schema)


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as reader:
        yield from reader
