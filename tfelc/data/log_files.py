"""A user's own log: Parquet and CSV files found by patterns, read in batches."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from tfelc.core.errors import DataError
from tfelc.data.log_batch import LogBatch
from tfelc.schema.column import Column

_BATCH = 65_536


class LogFiles:
    """Files that match some patterns, checked for the columns wanted.

    Args:
        patterns: Paths or glob patterns (`**` goes into folders) of `.parquet`, `.csv` or `.csv.gz` files.
        columns: Columns that every file must have.

    Raises:
        DataError: Nothing matches a pattern, or a file is empty, of another kind, broken, or lacks a column.
    """

    def __init__(self, patterns: Sequence[str], columns: Sequence[str]) -> None:
        self.name = ", ".join(patterns)
        self.columns = list(dict.fromkeys(columns))
        found: dict[Path, None] = {}
        for pattern in patterns:
            matches = sorted(Path(match) for match in glob.glob(pattern, recursive=True) if Path(match).is_file())
            if not matches:
                raise DataError(f"{pattern}: no file matches")
            found.update(dict.fromkeys(matches))
        self.paths = list(found)
        self.rows: int | None = 0
        self.names: list[str] = []
        for path in self.paths:
            self._check(path)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[LogBatch]:
        """Reads the files one after another, in batches.

        Args:
            columns: Which of the columns to read. Defaults to all that were asked for.

        Raises:
            DataError: A file turns out broken.
        """
        wanted = self.columns if columns is None else list(columns)
        for path in self.paths:
            row = 1
            with _named(path):
                for batch in read_csv(path, wanted) if is_csv(path) else _read_parquet(path, wanted):
                    yield LogBatch(str(path), row, pa.Table.from_batches([batch]), is_csv(path))
                    row += batch.num_rows

    def _check(self, path: Path) -> None:
        if not is_csv(path) and path.suffix != ".parquet":
            raise DataError(f"{path}: a log is a .parquet, .csv or .csv.gz file")
        if path.stat().st_size == 0:
            raise DataError(f"{path}: the file is empty")
        with _named(path):
            if is_csv(path):
                names = pc_csv.open_csv(path).schema.names
                self.rows = None
            else:
                file = pq.ParquetFile(path)
                names = file.schema_arrow.names
                if self.rows is not None:
                    self.rows += file.metadata.num_rows
        self.names = list(dict.fromkeys([*self.names, *names]))
        for name in self.columns:
            if name not in names:
                raise DataError(f"{path}: column `{name}` is missing; the file has {', '.join(names)}")


def is_csv(path: Path) -> bool:
    """Whether a file is read as CSV, by its name."""
    return path.name.endswith((".csv", ".csv.gz"))


def _read_parquet(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    yield from pq.ParquetFile(path).iter_batches(_BATCH, columns=columns)


def read_csv(source: Any, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Reads columns of a CSV file as text, so that a value that does not cast can be named; an empty field is null.

    Args:
        source: Path, or a binary file object.
        columns: Which columns, in which order.
    """
    options: Any = pc_csv.ConvertOptions(
        include_columns=columns,
        column_types=dict.fromkeys(columns, pa.string()),
        strings_can_be_null=True,
        null_values=[""],
    )
    parse = pc_csv.ParseOptions(newlines_in_values=True)
    read = pc_csv.ReadOptions(block_size=1 << 23)
    yield from pc_csv.open_csv(source, read_options=read, convert_options=options, parse_options=parse)


def split_lists(table: pa.Table, columns: Mapping[str, Column]) -> pa.Table:
    """Splits the text of list columns at each `|`, as a CSV file has them; other columns stay."""
    for name, column in columns.items():
        if column.kind == "list" and name in table.column_names:
            texts = table[name].combine_chunks()
            table = table.set_column(table.column_names.index(name), name, pc.split_pattern(texts, "|"))
    return table


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, pa.ArrowException) as error:
        kind = "CSV" if is_csv(path) else "Parquet"
        raise DataError(f"{path}: not a readable {kind} file: {' '.join(str(error).split())}") from None
