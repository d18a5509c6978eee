"""A log, wherever it lies: in files, or in memory as a DataFrame or an Arrow table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

import pyarrow as pa

from tfelc.core.errors import DataError
from tfelc.data.log_batch import LogBatch
from tfelc.data.log_files import LogFiles

if TYPE_CHECKING:
    import pandas as pd

# What is taken as a log.
LogInput: TypeAlias = "pd.DataFrame | pa.Table | str | Path | Sequence[str | Path]"
_BATCH = 65_536


class LogSource(Protocol):
    """Rows that can be read again and again.

    Attributes:
        name: What to call it in messages.
        rows: Its rows, None where they are not known before it is read.
        names: All its columns.
    """

    name: str
    rows: int | None
    names: list[str]

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[LogBatch]:
        """Reads columns, batch by batch. Defaults to all that were asked for."""
        ...


class MemoryLog:
    """A table in memory.

    Args:
        table: The rows.
        columns: Columns that it must have.
        name: What to call it in messages.

    Raises:
        DataError: A column is missing.
    """

    def __init__(self, table: pa.Table, columns: Sequence[str], name: str) -> None:
        for column in columns:
            if column not in table.column_names:
                raise DataError(f"{name}: column `{column}` is missing; it has {', '.join(table.column_names)}")
        self.name = name
        self.rows: int | None = len(table)
        self.names = list(table.column_names)
        self._table = table.select(list(dict.fromkeys(columns)))

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[LogBatch]:
        """Reads columns, batch by batch. Defaults to all that were asked for."""
        table = self._table if columns is None else self._table.select(list(columns))
        for start in range(0, len(table), _BATCH):
            yield LogBatch(self.name, start + 1, table.slice(start, _BATCH), is_text=False)


def open_log(source: LogInput, columns: Sequence[str]) -> LogSource:
    """Opens a log.

    Args:
        source: pandas DataFrame, Arrow table, or path or glob pattern of Parquet or CSV files, or a list of those.
        columns: Columns that it must have.

    Raises:
        DataError: A file or a column is missing, or a column of a frame holds values of several types.
    """
    if isinstance(source, pa.Table):
        return MemoryLog(source, columns, "table")
    if isinstance(source, str | Path):
        return LogFiles([str(source)], columns)
    if isinstance(source, Sequence):
        return LogFiles([str(each) for each in source], columns)
    return MemoryLog(arrow_table(source), columns, "frame")


def arrow_table(frame: pd.DataFrame) -> pa.Table:
    """A DataFrame as an Arrow table; the index is left out.

    Raises:
        DataError: It is no DataFrame, or a column holds values of several types.
    """
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except AttributeError:
        raise DataError(
            f"a log is a pandas DataFrame, an Arrow table, or the path of files. Received: {type(frame).__name__}"
        ) from None
    except pa.ArrowException as error:
        raise DataError(f"frame: {' '.join(str(part) for part in error.args)}") from None
