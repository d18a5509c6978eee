"""Some rows of a log."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class LogBatch:
    """Some rows of one file, or of a table in memory.

    Attributes:
        where: The file, for messages.
        first_row: Number of the first row there, from 1.
        table: The rows.
        is_text: Whether the columns are cells of a text file, which have no type; only an empty one is null.
        parts: The batches that it was put together from, whose first one's place it has. Defaults to none.
    """

    where: str
    first_row: int
    table: pa.Table
    is_text: bool
    parts: tuple[LogBatch, ...] = ()
