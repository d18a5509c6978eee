"""Scoring on a Spark cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tfelc.core.errors import UsageError
from tfelc.data.spark.carried_error import carried_error
from tfelc.data.spark.session import open_session
from tfelc.data.spark.spark_format import SPARK, frame_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from tfelc.lifecycle.scoring.batch_job import BatchJob, Progress
    from tfelc.lifecycle.scoring.engines import Engine
    from tfelc.lifecycle.scoring.output_folder import OutputFolder
    from tfelc.lifecycle.scoring.part import Part


def spark_engine(options: Sequence[str] = ()) -> Engine:
    """An engine that hands the work to Spark's workers.

    Files are cut into the pieces of one machine, and each piece becomes the same part, byte for byte. Tables that Spark
    reads, `spark:NAME`, become a part a partition. The workers must reach the model and the output, and files, by the
    same paths as this machine.

    Args:
        options: As `open_session` takes them. Defaults to none: the session that runs already, or one with Spark's own
            settings.

    Raises:
        UsageError: Spark or Java is missing, or an option is wrong.
        ScoringError: The cluster does not answer.
    """
    session = open_session(options)

    def run(job: BatchJob[Any], folder: OutputFolder, there: set[str], progress: Progress) -> Iterable[Part]:
        settings = job.settings
        if settings.limit is not None:
            raise UsageError("`limit` is for one machine; Spark's workers do not know of each other's rows", ["limit"])
        tables = [number for number, file in enumerate(job.files) if file.format == SPARK]
        if tables and settings.shard.count > 1:
            raise UsageError("`shard` cannot cut a table that Spark reads; Spark shares it out itself", ["shard"])
        files = [number for number in range(len(job.files)) if number not in tables]
        for part in _of_files(session, job, there, files):
            progress(part.measures.read)
            yield part
        folder.clear_attempts()
        for number in tables:
            for part in _of_table(session, job, folder, number):
                progress(part.measures.read)
                yield part

    return run


def _of_files(session: SparkSession, job: BatchJob[Any], there: set[str], numbers: Sequence[int]) -> Iterator[Part]:
    from tfelc.lifecycle.scoring.spark.part_rows import PART_ROWS
    from tfelc.lifecycle.scoring.spark.score_pieces import ScorePieces, work_of

    work = work_of(job, there, numbers)
    if work:
        task = ScorePieces(job.settings, job.scorer.model.fingerprint, work)
        tasks = session.range(0, len(work), 1, len(work))
        yield from (part for part, _ in _parts(tasks.mapInArrow(task, PART_ROWS)))


def _of_table(session: SparkSession, job: BatchJob[Any], folder: OutputFolder, number: int) -> Iterator[Part]:
    from tfelc.lifecycle.scoring.spark.part_rows import PART_ROWS
    from tfelc.lifecycle.scoring.spark.score_rows import ScoreRows

    table = job.files[number]
    columns = [name for name in job.scorer.source_columns if name in table.names]
    task = ScoreRows(job.settings, job.scorer.model.fingerprint, number, table)
    rows = frame_of(session, table).select(*(f"`{name}`" for name in columns))
    for part, mark in _parts(rows.mapInArrow(task, PART_ROWS)):
        folder.commit(part.name, mark)
        yield part
    folder.clear_attempts()


def _parts(frame: DataFrame) -> list[tuple[Part, str]]:
    from tfelc.lifecycle.scoring.spark.part_rows import part_of

    try:
        rows = frame.collect()
    except Exception as error:  # Py4J and Spark Connect have exceptions of their own
        raise carried_error(error) from None
    return sorted(((part_of(row.asDict()), str(row["mark"])) for row in rows), key=lambda each: each[0].name)
