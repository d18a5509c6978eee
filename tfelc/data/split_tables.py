"""Splits of rows that can be read as Arrow tables: a prepared dataset, or a log in memory or in files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Protocol

import pyarrow as pa

from tfelc.data.conformed_log import conformed_tables
from tfelc.data.delays.delay_survey import DelaySurvey
from tfelc.data.delays.matured_labels import MaturedLabels
from tfelc.data.log_source import LogInput
from tfelc.schema.schema import Schema


class SplitTables(Protocol):
    """Rows by split; `Dataset` is one."""

    def tables(self, split: str, columns: Sequence[str]) -> Iterator[pa.Table]:
        """The rows of a split in their order, with the columns wanted."""
        ...

    def check(self, schema: Schema, whose: str = "the run's schema") -> None:
        """Raises DataError where the columns do not fit a schema."""
        ...


class LogTables:
    """All rows of a log, whatever the split is called.

    Args:
        schema: The schema.
        source: DataFrame, Arrow table, or files.
        csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.
    """

    def __init__(self, schema: Schema, source: LogInput, csv_delimiter: str | None = None) -> None:
        self._schema = schema
        self._source = source
        self._csv_delimiter = csv_delimiter

    def tables(self, split: str, columns: Sequence[str]) -> Iterator[pa.Table]:
        """The rows in the schema's types; raises DataError where a column is missing or a value is none of its kind.

        A label that comes late is null in the rows that are too young to know it.
        """
        if not self._schema.delays.keys() & set(columns):
            return self._read(columns)
        return (self._matured.added_to(rows).select(columns) for rows in self._read([*columns, *self._survey.columns]))

    @cached_property
    def _survey(self) -> DelaySurvey:
        survey = DelaySurvey(self._schema, "log")
        return survey.see(self._read(survey.columns))

    @cached_property
    def _matured(self) -> MaturedLabels:
        return MaturedLabels(self._schema, [self._survey])

    def _read(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        return conformed_tables(self._schema, self._source, list(dict.fromkeys(columns)), self._csv_delimiter)

    def check(self, schema: Schema, whose: str = "the run's schema") -> None:
        """Nothing is known of a log before it is read."""
