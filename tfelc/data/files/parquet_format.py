"""Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from tfelc.data.files.file_format import FileFormat
from tfelc.data.files.log_file import LogFile
from tfelc.data.files.row_group_runs import row_group_runs
from tfelc.data.files.wanted import Wanted

_FEW_ROWS = 16_384


class ParquetFormat(FileFormat):
    """Parquet; the row groups are the pieces that can be read alone."""

    title = "Parquet"
    endings = (".parquet",)

    def look(self, file: LogFile, wanted: Wanted) -> LogFile:
        """Reads the footer."""
        with _opened(file.path) as parquet:
            schema, metadata = parquet.schema_arrow, parquet.metadata
            groups = tuple(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
            return replace(file, names=tuple(schema.names), types=tuple(schema.types), groups=groups)

    def read(self, file: LogFile, columns: Sequence[str], group: int | None, rows: int) -> Iterator[pa.RecordBatch]:
        """Reads one row group, or all, and nothing else."""
        with _opened(file.path) as parquet:
            counts = [parquet.metadata.row_group(number).num_rows for number in range(parquet.metadata.num_row_groups)]
            # Threads cost more than they save where there is little for each of them.
            threads = sum(counts) > _FEW_ROWS
            for run in row_group_runs(counts, rows) if group is None else [[group]]:
                for batch in parquet.iter_batches(rows, row_groups=run, columns=list(columns), use_threads=threads):
                    # pyarrow also takes the columns whose name goes on behind a dot.
                    yield batch if batch.schema.names == columns else batch.select(list(columns))


@contextmanager
def _opened(path: str) -> Iterator[pq.ParquetFile]:
    if "://" in path:
        with fsspec.open(path, "rb") as source:
            yield pq.ParquetFile(source, pre_buffer=True, page_checksum_verification=True)
    else:
        with pq.ParquetFile(path, page_checksum_verification=True) as parquet:
            yield parquet
