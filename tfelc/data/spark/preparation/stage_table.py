"""Tasks that bring rows that Spark reads to the schema's types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from tfelc.data.files.log_file import LogFile
from tfelc.data.files.read_rows import filled
from tfelc.data.log_batch import LogBatch
from tfelc.data.spark.preparation.log_rules import LogRules
from tfelc.data.spark.preparation.task import said_rows, telling


@dataclass(frozen=True)
class StageTable:
    """Takes the rows of a partition that Spark has read.

    Attributes:
        folder: Where the files of all tasks lie.
        rules: How rows are read.
        table: The table, or the frame.
    """

    folder: str
    rules: LogRules
    table: LogFile

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Runs on the worker, for one partition."""
        from pyspark import TaskContext

        context = TaskContext.get()
        number = 0 if context is None else context.partitionId()
        with telling(self.folder) as tell:
            tell["said"] = self.rules.stage(self._numbered(batches, number), self.folder, number)
        yield said_rows(number, tell)

    def _numbered(self, batches: Iterator[pa.RecordBatch], partition: int) -> Iterator[LogBatch]:
        row = 1
        for batch in batches:
            if batch.num_rows:
                rows = filled(batch, self.rules.columns, self.table)
                where = f"{self.table.source}, partition {partition}"
                yield LogBatch(where, row, pa.Table.from_batches([rows]), self.table.is_text)
                row += batch.num_rows
