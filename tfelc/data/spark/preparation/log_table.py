"""The table that the SQL of aggregates is read from, made on the workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from tfelc.data.aggregates.logged_rows import LoggedRows
from tfelc.data.spark.preparation.log_rules import SPLIT
from tfelc.data.spark.preparation.split_rows import splits_of
from tfelc.data.spark.preparation.staged_rows import staged_batches
from tfelc.data.spark.preparation.task import telling
from tfelc.data.split_rule import SplitRule


@dataclass(frozen=True)
class LogTable:
    """Gives the rows of files as the table `log` has them.

    Attributes:
        folder: Where the files lie.
        logged: What makes the table's rows.
        rule: The way to split.
        files: The files of the rows.
        firsts: Place in the log of the first row of each.
        where: What the log is called in messages.
    """

    folder: str
    logged: LoggedRows
    rule: SplitRule
    files: Sequence[str]
    firsts: Sequence[int]
    where: str

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Runs on the worker, for one partition of the numbers of files."""
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from self._of_file(self.files[number], self.firsts[number])

    def _of_file(self, file: str, first: int) -> Iterator[pa.RecordBatch]:
        schema = self.logged.schema
        users = [schema.user_key] if schema.user_key and schema.split.by == "user" else []
        split = [SPLIT] if schema.split.by == "column" else []
        wanted = {*self.logged.columns, *users}
        columns = [*(name for name in schema.log.columns if name in wanted), *split]
        for rows in staged_batches(self.folder, file, columns=columns):
            with telling(self.folder):
                table = self.logged.of(rows, first, splits_of(rows, self.rule, first) == 0, self.where)
            yield from table.combine_chunks().to_batches()
            first += len(rows)
