"""A Spark task that reads pieces of files itself, as one machine does, and writes their parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tfelc.data.files.log_file import LogFile
from tfelc.lifecycle.scoring.spark.worker_task import WorkerTask

if TYPE_CHECKING:
    from tfelc.lifecycle.scoring.batch_job import BatchJob
    from tfelc.lifecycle.scoring.input_reader import Piece
    from tfelc.lifecycle.scoring.scorer import Scorer

# A task costs Spark some tens of milliseconds; so small row groups are scored several in one.
ROWS_A_TASK = 65_536


@dataclass(frozen=True)
class Work:
    """Some row groups of a file; or a file without row groups, of which some pieces may be done already."""

    number: int
    file: LogFile
    groups: frozenset[int] | None
    done: frozenset[int] = frozenset()


@dataclass(frozen=True)
class ScorePieces(WorkerTask):
    """Scores what the numbers of a partition stand for.

    A part is written under a name that its piece has, whole or not at all, and alike each time; so what a task that was
    lost, or that runs twice, has written is right.

    Attributes:
        work: What there is to do, task by task.
    """

    work: Sequence[Sequence[Work]]

    def run(self, scorer: Scorer, threads: int, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Gives a row for each part."""
        from tfelc.lifecycle.scoring.engine import score_batches
        from tfelc.lifecycle.scoring.input_reader import InputReader
        from tfelc.lifecycle.scoring.output_folder import OutputFolder
        from tfelc.lifecycle.scoring.spark.part_rows import part_rows

        settings = self.settings
        folder = OutputFolder(settings.output, {}, settings.shard)
        reader = InputReader(scorer.source_columns)
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for work in self.work[number]:
                    read = reader.batches([(work.number, work.file)], self._wanted(work))
                    yield part_rows(score_batches(read, scorer, folder, workers=threads))

    def _wanted(self, work: Work) -> Any:
        def wanted(piece: Piece) -> bool:
            if work.groups is not None:
                return piece.number in work.groups
            return self.settings.shard.takes(piece.file_number, piece.number) and piece.number not in work.done

        return wanted


def work_of(job: BatchJob[Any], there: set[str], numbers: Sequence[int]) -> list[list[Work]]:
    """The pieces that are left, in tasks of about as many rows.

    Args:
        job: The job.
        there: Names of the parts that are there already.
        numbers: Places of the files that are meant, among the job's inputs.
    """
    from tfelc.lifecycle.scoring.input_reader import part_name, part_place

    tasks: list[list[Work]] = []
    waiting: dict[int, set[int]] = {}
    rows = 0

    def close() -> None:
        nonlocal rows
        if waiting:
            tasks.append([Work(number, job.files[number], frozenset(groups)) for number, groups in waiting.items()])
        waiting.clear()
        rows = 0

    for number in numbers:
        file = job.files[number]
        if file.groups is None:
            done = frozenset(piece for of, piece in map(part_place, there) if of == number)
            tasks.append([Work(number, file, None, done)])
            continue
        for group, count in enumerate(file.groups):
            if job.settings.shard.takes(number, group) and part_name(number, group) not in there:
                if rows and rows + count > ROWS_A_TASK:
                    close()
                waiting.setdefault(number, set()).add(group)
                rows += count
    close()
    return tasks
