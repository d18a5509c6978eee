"""Writes one part of a prepared dataset."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tfelc.data.contract import arrow_schema
from tfelc.schema.schema import Schema


class PartWriter:
    """A Parquet file, a row group at a time; equal groups give equal files.

    Args:
        path: The file.
        schema: Columns of the rows.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = path
        self._writer = pq.ParquetWriter(path, arrow_schema(schema), compression="zstd", write_page_checksum=True)

    def write(self, group: pa.Table) -> None:
        """Writes rows as one row group."""
        # One contiguous group, or the pieces' borders would show in the file.
        self._writer.write_table(group.combine_chunks(), row_group_size=group.num_rows)

    def close(self) -> None:
        """Ends the file; it is on the disk then."""
        self._writer.close()
        with self.path.open("rb") as file:
            os.fsync(file.fileno())

    def abandon(self) -> None:
        """Lets go of a file that is not going to be ended."""
        with suppress(OSError, pa.ArrowException):
            self._writer.close()
