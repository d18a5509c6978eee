"""A log of outcomes, in memory, under the schema's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from tfelc.core.errors import DataError
from tfelc.data.contract import checked_column, under_schema_names
from tfelc.data.log_batch import LogBatch
from tfelc.data.log_source import LogInput, LogSource, open_log
from tfelc.ranker.data.requests.keys import Keys
from tfelc.schema.column import Column
from tfelc.schema.schema import Schema


@dataclass(frozen=True)
class OutcomeLog:
    """What happened, by key.

    Attributes:
        name: What to call it in messages.
        keys: The key of each row.
        columns: Labels, and whatever else of the schema is there and is no feature, each in its type.
    """

    name: str
    keys: pa.Table
    columns: pa.Table

    @classmethod
    def read(cls, schema: Schema, keys: Keys, source: LogInput, csv_delimiter: str | None = None) -> OutcomeLog:
        """Reads a log.

        Args:
            schema: The columns.
            keys: What joins it to the requests.
            source: DataFrame, Arrow table, or files.
            csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.

        Raises:
            DataError: A key or a label is missing, a value is none of its kind, or a key is there twice.
        """
        columns = {name: column for name, column in schema.as_read().items() if not column.is_feature} | keys.columns
        named = {name: column.source or name for name, column in columns.items()}
        needed = [named[name] for name in dict.fromkeys([*keys.columns, *schema.outcomes])]
        names = open_log(source, needed, (), csv_delimiter).names
        columns = {name: column for name, column in columns.items() if named[name] in names}
        extra = [name for name in (schema.split.column,) if name in names and name not in columns]
        log = open_log(source, [*(named[name] for name in columns), *extra], (), csv_delimiter)
        found = _brought(log, columns, extra)
        payload = [name for name in found.column_names if name not in keys.columns]
        made = cls(log.name, found.select(list(keys.columns)), found.select(payload))
        row, _ = keys.repeated(made.keys)
        if len(row):
            said = keys.said(made.keys, int(row[0]))
            raise DataError(f"{log.name}: the key {said} is there more than once; give one row for each key")
        return made


def _brought(log: LogSource, columns: Mapping[str, Column], extra: Sequence[str]) -> pa.Table:
    pieces = []
    for batch in log.batches():
        rows = LogBatch(batch.where, batch.first_row, under_schema_names(batch.table, columns), batch.is_text)
        arrays = {name: checked_column(rows, name, column, may_be_null=True) for name, column in columns.items()}
        arrays |= {name: batch.table[name].cast(pa.string()) for name in extra}
        pieces.append(pa.table(arrays))
    if not pieces:
        raise DataError(f"{log.name}: the log has no rows")
    return pa.concat_tables(pieces)
