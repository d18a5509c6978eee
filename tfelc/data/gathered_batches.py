"""Small batches of a log, put together: a hundred files of a hundred rows are read like one of ten thousand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from tfelc.core.errors import DataError
from tfelc.data.contract import conform, under_schema_names
from tfelc.data.log_batch import LogBatch
from tfelc.schema.schema import Schema

_ROWS = 16_384
_BYTES = 1 << 26


def gathered(batches: Iterable[LogBatch]) -> Iterator[LogBatch]:
    """Puts batches with the same types together until there are some thousand rows; their order stays.

    Args:
        batches: Batches of a log, each of one file.

    Yields:
        Batches; one that was put together has its `parts`.
    """
    waiting: list[LogBatch] = []
    rows = size = 0
    for batch in batches:
        rows, size = rows + len(batch.table), size + batch.table.nbytes
        if waiting and (rows > _ROWS or size > _BYTES or not _alike(waiting[0], batch)):
            yield from _together(waiting)
            waiting, rows, size = [], len(batch.table), batch.table.nbytes
        waiting.append(batch)
    yield from _together(waiting)


def conformed(batch: LogBatch, schema: Schema, in_seconds: bool = False) -> pa.Table:
    """Brings a batch to the schema's types as `conform` does.

    Args:
        batch: The batch, perhaps of several files.
        schema: The columns wanted.
        in_seconds: Whether times that are bare numbers are seconds. Defaults to False.

    Raises:
        DataError: As `conform` has it, with the file and the row there.
    """
    table = under_schema_names(batch.table, schema.columns)
    try:
        return conform(table, schema, batch.where, batch.first_row, batch.is_text, in_seconds)
    except DataError:
        for part in batch.parts:
            conformed(part, schema, in_seconds)
        raise


def _alike(first: LogBatch, other: LogBatch) -> bool:
    return first.is_text == other.is_text and first.table.schema.equals(other.table.schema)


def _together(batches: list[LogBatch]) -> Iterator[LogBatch]:
    if len(batches) > 1:
        try:
            table = pa.concat_tables([batch.table for batch in batches]).combine_chunks()
        except pa.ArrowException:  # Some encodings, such as dictionaries within lists, cannot be put together.
            yield from batches
        else:
            first = batches[0]
            yield LogBatch(first.where, first.first_row, table, first.is_text, tuple(batches))
    else:
        yield from batches
