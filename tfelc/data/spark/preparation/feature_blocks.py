"""The columns of aggregates, in files of so many rows of the log each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from tfelc.data.aggregates.with_features import with_features
from tfelc.data.spark.preparation.staged_rows import StagedRows, staged_batches
from tfelc.data.spark.preparation.task import said_rows, telling
from tfelc.schema.schema import Schema

# Rows of a block, as a power of 2: the number of a row's block is its place, shifted right by so much.
BLOCK_BITS = 16
_ROW = "row_number"


@dataclass(frozen=True)
class FeatureBlocks:
    """Columns beside the rows of the log.

    Attributes:
        folder: Where the files lie.
        schema: The log's columns, and those that are computed.
        files: Name of an aggregate -> number of a block -> its file.
    """

    folder: str
    schema: Schema
    files: Mapping[str, Mapping[int, str]]

    def added_to(self, rows: pa.Table, first: int) -> pa.Table:
        """Rows with the columns, in the schema's types and order.

        Args:
            rows: Neighboring rows of the log, in the schema's types.
            first: Place of the first one in the log.
        """
        if not self.files or not len(rows):
            return rows
        blocks = range(first >> BLOCK_BITS, ((first + len(rows) - 1) >> BLOCK_BITS) + 1)
        start = first - (blocks[0] << BLOCK_BITS)
        columns = {}
        for name, files in self.files.items():
            tables = [table for block in blocks for table in staged_batches(self.folder, files[block])]
            columns[name] = pa.concat_tables(tables).slice(start, len(rows)).column(1)
        return with_features(rows, pa.table(columns), self.schema)


@dataclass(frozen=True)
class WriteBlocks:
    """Writes the blocks of a partition, whose rows come in the order of their places.

    Attributes:
        folder: Where the files lie.
    """

    folder: str

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Runs on the worker; gives the name of the file of each block."""
        waiting: list[pa.Table] = []
        block = -1
        for batch in batches:
            rows = pa.Table.from_batches([batch])
            while len(rows):
                number = rows[_ROW][0].as_py() >> BLOCK_BITS
                if number != block:
                    yield from self._written(block, waiting)
                    waiting, block = [], number
                end = pc.less(rows[_ROW], (number + 1) << BLOCK_BITS)
                count = pc.sum(end).as_py()
                waiting.append(rows.slice(0, count))
                rows = rows.slice(count)
        yield from self._written(block, waiting)

    def _written(self, block: int, waiting: list[pa.Table]) -> Iterator[pa.RecordBatch]:
        if not waiting:
            return
        with telling(self.folder) as tell:
            rows = pa.concat_tables(waiting)
            with StagedRows.written(self.folder, rows.schema) as staged:
                staged.add(rows)
            tell["said"] = staged.name
        yield said_rows(block, tell)
