"""Tables that Spark reads, kept on this machine while they are read again and again."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tfelc.core.errors import DataError
from tfelc.data.files.formats import rows_format
from tfelc.data.files.log_file import LogFile
from tfelc.data.files.parquet_format import ParquetFormat
from tfelc.data.files.wanted import Wanted


class SparkSnapshots:
    """Parquet files of what Spark gave, since it may give the same rows in another order when it is asked again.

    They lie where temporary files do (`TMPDIR`) and go when this object does.

    Args:
        columns: Columns that are going to be read.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._made: dict[str, LogFile] = {}

    def of(self, table: LogFile) -> LogFile:
        """The file that holds a table's rows; Spark is asked for them the first time.

        Raises:
            DataError: Spark cannot read the table, or there is no room for it.
        """
        if table.path not in self._made:
            self._folder = self._folder or tempfile.TemporaryDirectory(prefix="tfelc-spark-")
            path = Path(self._folder.name, f"{len(self._made)}.parquet")
            try:
                self._write(table, path)
            except OSError as error:
                raise DataError(
                    f"{table.path}: cannot be kept in {path.parent.parent}: {error.strerror or error}; "
                    "TMPDIR names another place"
                ) from None
            file = LogFile(str(path), "parquet", made_from=table.path, bytes=path.stat().st_size)
            self._made[table.path] = replace(ParquetFormat().look(file, Wanted(self._columns)), made_from=table.path)
        return self._made[table.path]

    def _write(self, table: LogFile, path: Path) -> None:
        stored = [name for name in dict.fromkeys(self._columns) if name in table.names]
        schema = pa.schema([(name, table.type_of(name)) for name in stored])
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for batch in rows_format(table.format).read(table, stored, None, 0):
                writer.write_batch(batch)
