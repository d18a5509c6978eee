"""A log in files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from tfelc.data.files.find_files import find_files
from tfelc.data.files.read_rows import read_rows
from tfelc.data.files.wanted import Wanted
from tfelc.data.log_batch import LogBatch
from tfelc.data.spark.snapshot import SparkSnapshots
from tfelc.data.spark.spark_format import SPARK


class LogFiles:
    """Files found by what names them, checked for the columns wanted, and read one after another.

    Args:
        sources: What `find_files` takes: paths, folders, URLs, patterns and tables.
        wanted: Columns, and how to read them.

    Raises:
        DataError: Nothing is found, or a file cannot be read, or lacks a column that it must have.
        UsageError: What reads a table is not installed.

    Example:
        >>> log = LogFiles(["logs/*.parquet"], Wanted(["user_id", "click"]))  # doctest: +SKIP
        >>> for batch in log.batches():  # doctest: +SKIP
        ...     print(batch.where, batch.first_row, batch.table.num_rows)
    """

    def __init__(self, sources: Sequence[str], wanted: Wanted) -> None:
        found = find_files(sources, wanted)
        self.name = ", ".join(found.sources)
        self.columns = list(wanted.columns)
        self.files = found.files
        self.names = list(dict.fromkeys(name for file in self.files for name in (*file.names, *dict(file.keys))))
        self._snapshots = SparkSnapshots(self.columns)
        counts = [file.rows for file in self.files]
        self.rows: int | None = None if None in counts else sum(count or 0 for count in counts)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[LogBatch]:
        """Reads the files one after another, in batches.

        Args:
            columns: Which of the columns to read. Defaults to all that were asked for.

        Raises:
            DataError: A file turns out broken.
        """
        for named in self.files:
            file = self._snapshots.of(named) if named.format == SPARK else named
            row = 1
            for batch in read_rows(file, self.columns if columns is None else list(columns)):
                yield LogBatch(file.source, row, pa.Table.from_batches([batch]), file.is_text)
                row += batch.num_rows
