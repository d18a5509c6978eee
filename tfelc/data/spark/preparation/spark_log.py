"""A log that Spark's workers read."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import DataError, SchemaError
from tfelc.data.files.column_check import missing_columns
from tfelc.data.files.log_file import LogFile
from tfelc.data.files.log_files import LogFiles
from tfelc.data.files.wanted import Wanted
from tfelc.data.negative_sampling import NegativeSampling
from tfelc.data.spark.preparation.log_piece import log_pieces
from tfelc.data.spark.preparation.log_rules import LogRules
from tfelc.data.spark.preparation.stage_files import StageFiles
from tfelc.data.spark.preparation.stage_table import StageTable
from tfelc.data.spark.preparation.workers import Workers
from tfelc.data.spark.spark_format import SPARK, arrow_schema, frame_of
from tfelc.schema.schema import Schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# What is taken as a log.
SparkInput: TypeAlias = "DataFrame | str | Path | Sequence[str | Path]"
# Rows that a task reads of files, about.
ROWS_A_TASK = 262_144


@dataclass(frozen=True)
class SparkLog:
    """Files that the workers read by themselves, and tables that Spark reads.

    Attributes:
        name: What it is called in messages.
        names: All its columns.
        files: What it consists of, in order.
        frames: Place in `files` -> the rows, of what Spark reads.
    """

    name: str
    names: Sequence[str]
    files: Sequence[LogFile]
    frames: Mapping[int, DataFrame]

    @classmethod
    def of(cls, session: SparkSession, log: SparkInput, wanted: Wanted) -> Self:
        """Whatever is taken as a log.

        Args:
            session: The session.
            log: A DataFrame of Spark's, or what names files or tables, or a list of that.
            wanted: Columns, and how to read them.

        Raises:
            DataError: Nothing is found, or a file cannot be read, or a column is missing.
            UsageError: What reads a table is not installed.
        """
        if isinstance(log, str | Path):
            return cls.of_sources(session, [str(log)], wanted)
        if isinstance(log, Sequence):
            return cls.of_sources(session, [str(each) for each in log], wanted)
        return cls.of_frame(log, wanted)

    @classmethod
    def of_sources(cls, session: SparkSession, sources: Sequence[str], wanted: Wanted) -> Self:
        """What is named on a command line, such as `logs/*.parquet` or `spark:NAME`.

        Args:
            session: The session.
            sources: What `find_files` takes.
            wanted: Columns, and how to read them.

        Raises:
            DataError: Nothing is found, or a file cannot be read, or lacks a column that it must have.
            UsageError: What reads a table is not installed.
        """
        found = LogFiles(sources, wanted)
        frames = {place: frame_of(session, file) for place, file in enumerate(found.files) if file.format == SPARK}
        return cls(found.name, found.names, found.files, frames)

    @classmethod
    def of_frame(cls, frame: DataFrame, wanted: Wanted) -> Self:
        """A DataFrame of Spark's.

        Raises:
            DataError: A column is missing, or there twice, or Arrow has no type for one.
        """
        types = arrow_schema(frame, "frame")
        for missing in missing_columns("frame", types.names, wanted, "frame"):
            said = f"frame has no column `{missing}`: its `default` stands for all values there"
            warnings.warn(said, DataWarning, stacklevel=3)
        file = LogFile("frame", SPARK, tuple(types.names), tuple(types.types))
        return cls("frame", types.names, [file], {0: frame})

    def refuse_order(self, schema: Schema) -> None:
        """Refuses what goes by the places of rows, where Spark reads rows, which have none.

        Raises:
            SchemaError: The schema asks for it.
        """
        if not self.frames:
            return
        name = self.files[min(self.frames)].source
        if schema.split.by == "row":
            raise SchemaError(
                f"{schema.name}: `split: {{by: row}}` goes by the places of rows, and those of {name}, which Spark "
                "reads, have none: split by time, by user or by a column, or name files"
            )
        if NegativeSampling(schema, 0).drops:
            raise SchemaError(
                f"{schema.name}: `negatives_kept` of task `{schema.sampled_task}` goes by the places of rows, and "
                f"those of {name}, which Spark reads, have none: name files, or drop rows before and say so with "
                "`already_sampled`"
            )

    def staged(self, workers: Workers, rules: LogRules, folder: Path) -> list[dict[str, Any]]:
        """Has the workers bring all rows to the schema's types.

        Args:
            workers: The workers.
            rules: How rows are read.
            folder: Where the workers write them.

        Returns:
            What `LogRules.stage` says, in the order of the rows.

        Raises:
            DataError: A value cannot be read; of several the first one is told.
        """
        said: list[dict[str, Any]] = []
        for place, files in self._runs():
            if place in self.frames:
                task = StageTable(str(folder), rules, files[0])
                columns = [name for name in rules.columns if name in files[0].names]
                found = list(workers.partitions(self.frames[place], task, columns).values())
            else:
                pieces = log_pieces(files, ROWS_A_TASK)
                found = workers.run(StageFiles(str(folder), rules, pieces), len(pieces))
            for fault in (each["fault"] for each in found if each["fault"] is not None):
                raise DataError(fault)
            said += found
        return said

    def _runs(self) -> Iterator[tuple[int, list[LogFile]]]:
        """Neighboring files together, each table by itself, and the place of the first."""
        run: list[LogFile] = []
        for place, file in enumerate(self.files):
            if place not in self.frames:
                run.append(file)
                continue
            if run:
                yield place - len(run), run
            yield place, [file]
            run = []
        if run:
            yield len(self.files) - len(run), run
