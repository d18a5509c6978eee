"""A log, wherever it lies: in files, or in memory as a DataFrame or an Arrow table."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

import pyarrow as pa

from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import DataError
from tfelc.data.files.column_check import missing_columns
from tfelc.data.files.log_files import LogFiles
from tfelc.data.files.wanted import Wanted
from tfelc.data.log_batch import LogBatch

if TYPE_CHECKING:
    import pandas as pd

# What is taken as a log.
LogInput: TypeAlias = "pd.DataFrame | pa.Table | str | Path | Sequence[str | Path] | LogSource"
_BATCH = 65_536


@runtime_checkable
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
        wanted: Columns that it must have.
        name: What to call it in messages.

    Raises:
        DataError: A column is missing, or there twice.
    """

    def __init__(self, table: pa.Table, wanted: Wanted, name: str) -> None:
        for missing in missing_columns(name, table.column_names, wanted, name) if len(table) else []:
            warnings.warn(
                f"{name} has no column `{missing}`: its `default` stands for all values there",
                DataWarning,
                stacklevel=4,
            )
        self.name = name
        self.rows: int | None = len(table)
        self.names = list(table.column_names)
        columns = {each: table[each] if each in table.column_names else pa.nulls(len(table)) for each in wanted.columns}
        self._table = pa.table(columns)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[LogBatch]:
        """Reads columns, batch by batch. Defaults to all that were asked for."""
        table = self._table if columns is None else self._table.select(list(columns))
        for start in range(0, len(table), _BATCH):
            yield LogBatch(self.name, start + 1, table.slice(start, _BATCH), is_text=False)


def open_log(
    source: LogInput, columns: Sequence[str], optional: Collection[str] = (), csv_delimiter: str | None = None
) -> LogSource:
    """Opens a log.

    Args:
        source: pandas DataFrame, Arrow table, a `LogSource` of these columns, or what names files, or a list of that: a
            path, a folder, a URL that fsspec opens, a glob pattern, `delta:PATH` or `iceberg:PATH`.
        columns: Columns that it must have, in its own names.
        optional: Those of them that may be missing; they are then null in all rows. Defaults to none.
        csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.

    Raises:
        DataError: A file or a column is missing, or a column of a frame holds values of several types.
        UsageError: `csv_delimiter` is no single character, or what reads a table is not installed.
    """
    if isinstance(source, LogSource):
        return source
    wanted = Wanted(columns, optional, csv_delimiter)
    if isinstance(source, pa.Table):
        return MemoryLog(source, wanted, "table")
    if isinstance(source, str | Path):
        return LogFiles([str(source)], wanted)
    if isinstance(source, Sequence):
        return LogFiles([str(each) for each in source], wanted)
    return MemoryLog(arrow_table(source), wanted, "frame")


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
    except (pa.ArrowException, ValueError) as error:
        raise DataError(f"frame: {' '.join(str(part) for part in error.args)}") from None
