"""A log in files, cut into pieces that are read by themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from tfelc.data.files.log_file import LogFile
from tfelc.data.files.read_rows import read_rows
from tfelc.data.log_batch import LogBatch


@dataclass(frozen=True)
class LogPiece:
    """Neighboring row groups of a file, or a whole file.

    Attributes:
        file: The file; a worker reads it by its absolute path.
        groups: Numbers of the row groups; None for all rows.
        first_row: Number of the first row in the file, from 1.
    """

    file: LogFile
    groups: tuple[int, ...] | None
    first_row: int

    def batches(self, columns: Sequence[str]) -> Iterator[LogBatch]:
        """Reads columns, batch by batch, as `LogFiles` does."""
        row = self.first_row
        for group in (None,) if self.groups is None else self.groups:
            for batch in read_rows(self.file, columns, group):
                yield LogBatch(self.file.source, row, pa.Table.from_batches([batch]), self.file.is_text)
                row += batch.num_rows


def log_pieces(files: Sequence[LogFile], rows: int) -> list[list[LogPiece]]:
    """Cuts files, in their order, into what one task reads.

    Args:
        files: The files, looked into.
        rows: Rows of a task, about; a file that does not say how many it has is one of its own.

    Returns:
        The pieces of each task; those of files without rows are left out.
    """
    tasks: list[list[LogPiece]] = []
    held = rows
    for file in map(_elsewhere, files):
        if file.groups == ():
            continue
        if file.groups is None:
            tasks.append([LogPiece(file, None, 1)])
            held = rows
            continue
        first = 1
        for numbers in _runs(file.groups, rows):
            count = sum(file.groups[number] for number in numbers)
            piece = LogPiece(file, None if len(numbers) == len(file.groups) else tuple(numbers), first)
            if held + count > rows:
                tasks.append([])
                held = 0
            tasks[-1].append(piece)
            held, first = held + count, first + count
    return tasks


def _runs(groups: Sequence[int], rows: int) -> Iterator[list[int]]:
    run: list[int] = []
    for number, count in enumerate(groups):
        if run and sum(groups[each] for each in run) + count > rows:
            yield run
            run = []
        run.append(number)
    if run:
        yield run


def _elsewhere(file: LogFile) -> LogFile:
    """The file as a process that runs in another folder finds it."""
    if file.table is None:
        path = file.path if "://" in file.path else os.path.abspath(file.path)
        return replace(file, path=path, made_from=file.source)
    if "://" in file.table.location:
        return file
    table = replace(file.table, location=os.path.abspath(file.table.location))
    return replace(file, path=file.path.replace(str(file.table), str(table), 1), table=table, made_from=file.source)
