"""One file of a log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class TableVersion:
    """One version of a table.

    Attributes:
        kind: `delta`, `iceberg` or `spark`.
        location: Where the table lies, or what Spark calls it, as it was given.
        version: The version of a Delta table, the snapshot of an Iceberg table; None for the latest that Spark finds.
    """

    kind: str
    location: str
    version: int | None

    def __str__(self) -> str:
        if self.version is None:
            return f"{self.kind}:{self.location}"
        return f"{self.kind}:{self.location}@{self.version}"


@dataclass(frozen=True)
class LogFile:
    """One file, found and looked into; it can be handed to another process.

    Attributes:
        path: Local path, or a URL that fsspec opens; of a file of a table, that table, its version and the file.
        format: Name of its format, in `FILE_FORMATS` or `TABLE_FORMATS`.
        names: Its columns, as it holds them.
        types: Their Arrow types; None where all is text.
        groups: Rows of each row group; None for a format that does not say. No group where it is known to be empty.
        keys: Columns that stand in the names of its folders, and their value.
        compression: What it is compressed with as a whole, as pyarrow calls it; None for nothing.
        delimiter: What separates the columns of a CSV file.
        table: The table that it belongs to.
        bytes: Its size; 0 for a file of a table.
        tail: SHA-256 of its last 64 KiB, where a Parquet file keeps what it holds.
        made_from: Where what it holds was taken from, where it was made for a job alone. Defaults to nothing.
    """

    path: str
    format: str
    names: tuple[str, ...] = ()
    types: tuple[pa.DataType, ...] | None = None
    groups: tuple[int, ...] | None = None
    keys: tuple[tuple[str, str | None], ...] = ()
    compression: str | None = None
    delimiter: str | None = None
    table: TableVersion | None = None
    bytes: int = 0
    tail: str = ""
    made_from: str = ""

    @property
    def source(self) -> str:
        """What messages and results call it."""
        return self.made_from or self.path

    @property
    def is_text(self) -> bool:
        """Whether its values are text, to be read as the schema says."""
        return self.types is None

    @property
    def rows(self) -> int | None:
        """Its number of rows, where it says."""
        return None if self.groups is None else sum(self.groups)

    @property
    def identity(self) -> dict[str, Any]:
        """What tells it from another file, or from another state of itself."""
        if self.table is not None:
            return {"path": self.path}
        identity = {"path": self.source, "bytes": self.bytes, "tail": self.tail}
        # Not in every one, so that a job that was begun without it can be ended.
        return identity if self.delimiter in (None, ",") else {**identity, "delimiter": self.delimiter}

    def type_of(self, name: str) -> pa.DataType | None:
        """The Arrow type of a column that is stored in it; None where it is text, or not there."""
        return None if self.types is None or name not in self.names else self.types[self.names.index(name)]
