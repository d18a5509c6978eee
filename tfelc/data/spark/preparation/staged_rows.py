"""Rows in the schema's types, on the way from one task to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import pyarrow as pa


class StagedRows:
    """A file of batches, each of which can be read by itself.

    Its name is one that no other attempt at the task has; so what a task has left that was lost, or that ran twice, is
    read by nobody.

    Args:
        folder: Where it is made.
        schema: Columns of the batches.

    Attributes:
        name: The file's name in the folder.
    """

    def __init__(self, folder: str, schema: pa.Schema) -> None:
        self.name = f"{token_hex(16)}.arrow"
        self._schema = schema
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        self._sink = pa.OSFile(str(Path(folder, self.name)), "wb")
        self._writer = pa.ipc.new_file(self._sink, schema, options=options)

    @classmethod
    @contextmanager
    def written(cls, folder: str, schema: pa.Schema) -> Iterator[StagedRows]:
        """A file that is ended with the block."""
        made = cls(folder, schema)
        with made._sink, made._writer:
            yield made

    def add(self, rows: pa.Table) -> None:
        """Writes rows, or none, as one batch."""
        batches = rows.combine_chunks().cast(self._schema).to_batches()
        assert len(batches) < 2
        empty = pa.record_batch([pa.array([], field.type) for field in self._schema], schema=self._schema)
        self._writer.write_batch(batches[0] if batches else empty)


def staged_batches(
    folder: str, name: str, numbers: Sequence[int] | None = None, columns: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """Reads batches of a file that `StagedRows` has written.

    Args:
        folder: Where it lies.
        name: Its name.
        numbers: Which batches. Defaults to all, in their order.
        columns: Columns wanted, in the file's order. Defaults to all.
    """
    path = str(Path(folder, name))
    with pa.memory_map(path) as source:
        reader = pa.ipc.open_file(source)
        if columns is not None:
            wanted = [reader.schema.get_field_index(each) for each in columns]
            reader = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=wanted))
        for number in range(reader.num_record_batches) if numbers is None else numbers:
            yield pa.Table.from_batches([reader.get_batch(number)])
