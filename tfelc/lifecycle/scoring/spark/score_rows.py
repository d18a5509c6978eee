"""A Spark task that scores the rows of a partition, which Spark has read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from tfelc.data.files.log_file import LogFile
from tfelc.lifecycle.scoring.spark.worker_task import WorkerTask

if TYPE_CHECKING:
    from tfelc.lifecycle.scoring.input_reader import Batch
    from tfelc.lifecycle.scoring.scorer import Scorer


@dataclass(frozen=True)
class ScoreRows(WorkerTask):
    """Makes one part of a partition.

    Another attempt may get other rows, or in another order; so the part is written under the attempt's own name, and
    the driver gives the name of a part to that of the attempt which Spark counts.

    Attributes:
        number: The table's place among the inputs.
        table: The table.
    """

    number: int
    table: LogFile

    def run(self, scorer: Scorer, threads: int, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Gives a row for the part; none for a partition without rows."""
        from pyspark import TaskContext

        from tfelc.lifecycle.scoring.engine import score_batches
        from tfelc.lifecycle.scoring.output_folder import OutputFolder
        from tfelc.lifecycle.scoring.spark.part_rows import part_rows

        context = TaskContext.get()
        assert context is not None
        settings = self.settings
        folder = OutputFolder(settings.output, {}, settings.shard).of_attempt(str(context.taskAttemptId()))
        partition = context.partitionId()
        file = replace(self.table, made_from=f"{self.table.path}, partition {partition}")
        read = _batches(file, self.number, partition, list(scorer.source_columns), batches)
        for part in score_batches(read, scorer, folder, workers=threads):
            yield part_rows([part], str(context.taskAttemptId()))


def _batches(
    file: LogFile, number: int, partition: int, columns: Sequence[str], batches: Iterator[pa.RecordBatch]
) -> Iterator[Batch]:
    """The rows of a partition in batches of the size that they have on one machine."""
    from tfelc.data.files.read_rows import filled
    from tfelc.lifecycle.scoring.input_reader import BATCH, Batch, Piece, regular

    piece = Piece(file, number, partition)
    before: Batch | None = None
    first = 1
    for place, rows in enumerate(regular((filled(batch, columns, file) for batch in batches), BATCH)):
        if before is not None:
            yield before
        before = Batch(piece, place, first, rows, last=False)
        first += len(rows)
    if before is not None:
        yield replace(before, last=True)
