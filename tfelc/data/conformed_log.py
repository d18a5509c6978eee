"""A log's rows in the schema's types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from tfelc.core.errors import DataError
from tfelc.data.gathered_batches import conformed, gathered
from tfelc.data.log_source import LogInput, open_log
from tfelc.schema.schema import Schema


def conformed_tables(
    schema: Schema, source: LogInput, columns: Sequence[str], csv_delimiter: str | None = None
) -> Iterator[pa.Table]:
    """Reads columns of a log, batch by batch.

    Args:
        schema: What the columns mean.
        source: DataFrame, Arrow table, or files.
        columns: Columns wanted; others need not be there, and those with a `default` may be missing too.
        csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.

    Raises:
        DataError: A column is missing, a value is none of its kind, or there are no rows.
    """
    only = schema.model_copy(update={"columns": {name: schema.columns[name] for name in columns}})
    log = open_log(source, schema.source_names(columns), only.optional_names, csv_delimiter)
    empty = True
    for batch in gathered(log.batches()):
        empty = False
        yield conformed(batch, only)
    if empty:
        raise DataError(f"{log.name}: the log has no rows")
