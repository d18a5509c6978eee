"""Reads files to be scored piece by piece: the same pieces and batches each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from tfelc.data.files.log_file import LogFile
from tfelc.data.files.read_rows import read_rows
from tfelc.lifecycle.scoring.input_file import TFRECORD
from tfelc.lifecycle.scoring.tfrecord import parse_records, read_tfrecord
from tfelc.schema.column import Column

# Rows that go through the model at a time.
BATCH = 4_096
# Rows of a piece where the file has no row groups.
PIECE = 16 * BATCH


def part_name(file_number: int, number: int) -> str:
    """Name of the part of a file's piece."""
    return f"part-{file_number:05d}-{number:05d}.parquet"


def part_place(name: str) -> tuple[int, int]:
    """The number of the file and of its piece that a part's name tells.

    Example:
        >>> part_place(part_name(2, 17))
        (2, 17)
    """
    _, file, piece = name.removesuffix(".parquet").split("-")
    return int(file), int(piece)


@dataclass(frozen=True)
class Piece:
    """What becomes one output part: a row group, or as many rows of a file without them.

    Attributes:
        file: The file.
        file_number: The file's place among the inputs.
        number: The piece's place in the file.
    """

    file: LogFile
    file_number: int
    number: int

    @property
    def name(self) -> str:
        """Name of the output part; in order of the names the parts hold the rows as the inputs do."""
        return part_name(self.file_number, self.number)


@dataclass(frozen=True)
class Batch:
    """Some rows of a piece.

    Attributes:
        piece: The piece.
        number: Its place in the piece.
        first_row: Number of the first row in its file, from 1.
        rows: The columns that were asked for, in the file's own types.
        last: Whether the piece ends with it.
        faults: Rows that could not be read -> why.
        is_text: Whether the columns are cells of a text file, which have no type.
    """

    piece: Piece
    number: int
    first_row: int
    rows: pa.Table
    last: bool
    faults: dict[int, str] = field(default_factory=dict)
    is_text: bool = False


class InputReader:
    """Reads the pieces of input files.

    Args:
        columns: Columns to read, and what they are.
        limit: Rows at most from all files together; None for all.
    """

    def __init__(self, columns: dict[str, Column], limit: int | None = None) -> None:
        self._columns = columns
        self._limit = limit

    def batches(self, files: Iterable[tuple[int, LogFile]], wanted: Callable[[Piece], bool]) -> Iterator[Batch]:
        """The batches of the wanted pieces; of a Parquet file the others are not read.

        Args:
            files: Place among the inputs, and file.
            wanted: Which pieces.

        Raises:
            DataError: A file turns out broken.
        """
        left = self._limit
        for number, file in files:
            for batch in self._of_file(file, number, wanted):
                if left is None:
                    yield batch
                    continue
                rows = min(left, len(batch.rows))
                left -= rows
                faults = {row: why for row, why in batch.faults.items() if row < rows}
                yield replace(batch, rows=batch.rows.slice(0, rows), last=batch.last or not left, faults=faults)
                if not left:
                    return

    def _of_file(self, file: LogFile, number: int, wanted: Callable[[Piece], bool]) -> Iterator[Batch]:
        if file.format == TFRECORD:
            yield from self._tfrecord(file, number, wanted)
        elif file.groups is not None:
            yield from self._groups(file, number, wanted)
        else:
            yield from self._whole(file, number, wanted)

    def _groups(self, file: LogFile, number: int, wanted: Callable[[Piece], bool]) -> Iterator[Batch]:
        names = list(self._columns)
        first = 1
        for group, rows in enumerate(file.groups or ()):
            piece = Piece(file, number, group)
            if wanted(piece):
                done = 0
                for part in regular(read_rows(file, names, group, BATCH), BATCH):
                    done += len(part)
                    start = done - len(part)
                    yield Batch(piece, start // BATCH, first + start, part, done == rows)
                if not rows:
                    fields = [(name, file.type_of(name) or pa.string()) for name in names]
                    yield Batch(piece, 0, first, pa.schema(fields).empty_table(), True)
            first += rows

    def _whole(self, file: LogFile, number: int, wanted: Callable[[Piece], bool]) -> Iterator[Batch]:
        tables = regular(read_rows(file, list(self._columns), rows=BATCH), BATCH)
        for piece, first, rows, last in _numbered(tables, file, number):
            if wanted(piece):
                yield Batch(piece, _place(first), first, rows, last, is_text=file.is_text)

    def _tfrecord(self, file: LogFile, number: int, wanted: Callable[[Piece], bool]) -> Iterator[Batch]:
        for piece, first, records, last in _numbered(read_tfrecord(file.path, BATCH), file, number):
            if wanted(piece):
                rows, faults = parse_records(records, self._columns)
                yield Batch(piece, _place(first), first, rows, last, faults)


def _place(first_row: int) -> int:
    """Number of a batch in its piece, by its first row in a file without row groups."""
    return (first_row - 1) % PIECE // BATCH


def regular(parts: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.Table]:
    """Tables of `size` rows but for the last one, whatever the parts' sizes."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for part in parts:
        waiting.append(part)
        count += part.num_rows
        if count >= size:
            table = pa.Table.from_batches(waiting)
            full = count - count % size
            for start in range(0, full, size):
                yield table.slice(start, size)
            waiting, count = table.slice(full).to_batches(), count - full
    if count:
        yield pa.Table.from_batches(waiting)


def _numbered(parts: Iterable[Any], file: LogFile, number: int) -> Iterator[tuple[Piece, int, Any, bool]]:
    """Each part with its piece, the number of its first row, and whether the piece ends with it."""
    row, before = 0, None
    for part in parts:
        if before is not None:
            yield (*before, row % PIECE == 0)
        before = (Piece(file, number, row // PIECE), row + 1, part)
        row += len(part)
    if before is not None:
        yield (*before, True)
