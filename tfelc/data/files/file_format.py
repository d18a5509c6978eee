"""What a format of files must be able to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

import pyarrow as pa

from tfelc.data.files.log_file import LogFile, TableVersion
from tfelc.data.files.wanted import Wanted


class RowsFormat(ABC):
    """Reads the rows of files that were looked into."""

    @abstractmethod
    def read(self, file: LogFile, columns: Sequence[str], group: int | None, rows: int) -> Iterator[pa.RecordBatch]:
        """Reads columns in batches; in the same order each time.

        Args:
            file: The file.
            columns: Columns that it holds.
            group: The row group to read; None for all rows.
            rows: Rows a batch, at most, where the format can be asked for that.

        Raises:
            DataError: The file turns out broken; pyarrow's and the system's own errors are named by the caller.
        """


class FileFormat(RowsFormat):
    """A format that is known by the endings of the files' names.

    Attributes:
        title: What it is called in messages.
        endings: Endings of names, without that of a compression.
        is_compressed_whole: Whether files may be compressed as a whole, with a further ending such as .gz.
    """

    title: ClassVar[str]
    endings: ClassVar[tuple[str, ...]]
    is_compressed_whole: ClassVar[bool] = False

    @abstractmethod
    def look(self, file: LogFile, wanted: Wanted) -> LogFile:
        """Adds what the file holds: its columns, their types, its row groups.

        Args:
            file: The file, of which path, compression and size are known.
            wanted: What is going to be read.
        """


class TableFormat(RowsFormat):
    """Tables of many files with a log of their own, which says what files and rows belong to them."""

    @abstractmethod
    def files(self, location: str, version: int | None) -> tuple[TableVersion, list[LogFile]]:
        """The files of one version, looked into.

        Args:
            location: Where the table lies.
            version: Its version; None for the latest.

        Raises:
            DataError: There is no such table or version, or it needs what cannot be read.
            UsageError: The library that reads it is not installed.
        """


def without_rows(file: LogFile) -> LogFile:
    """The file as one that has no rows."""
    return replace(file, groups=())
