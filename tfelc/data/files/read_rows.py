"""The rows of a file that was looked into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from tfelc.data.files.find_files import naming
from tfelc.data.files.formats import rows_format
from tfelc.data.files.log_file import LogFile
from tfelc.data.files.partition_keys import refuse_other_values

BATCH = 65_536


def read_rows(
    file: LogFile, columns: Sequence[str], group: int | None = None, rows: int = BATCH
) -> Iterator[pa.RecordBatch]:
    """Reads columns of a file in batches, in the same order each time.

    A column that stands in the names of folders is text; one that is nowhere is null.

    Args:
        file: The file.
        columns: Columns wanted, in this order.
        group: The row group to read; None for all rows.
        rows: Rows a batch. Text comes in batches of the size that its format has. Defaults to 65,536.

    Raises:
        DataError: The file turns out broken.
    """
    if file.groups == ():
        return
    names, keys = set(file.names), dict(file.keys)
    stored = [name for name in columns if name in names]
    with naming(file):
        for batch in rows_format(file.format).read(file, stored, group, rows):
            for name in stored:
                if name in keys:
                    refuse_other_values(batch.column(name), name, file)
            if len(stored) < len(columns):
                batch = filled(batch, columns, file)
            if batch.num_rows:
                yield batch


def filled(batch: pa.RecordBatch, columns: Sequence[str], file: LogFile) -> pa.RecordBatch:
    """A batch with the columns that its file does not store: those of its folders, or null."""
    keys, rows = dict(file.keys), batch.num_rows
    arrays = []
    for name in columns:
        if name in batch.schema.names:
            arrays.append(batch.column(name))
        elif keys.get(name) is not None:
            arrays.append(pa.repeat(pa.scalar(keys[name], pa.string()), rows))
        else:
            arrays.append(pa.nulls(rows, pa.string() if file.is_text or name in keys else pa.null()))
    return pa.record_batch(arrays, list(columns))
