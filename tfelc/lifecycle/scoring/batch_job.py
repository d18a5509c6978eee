"""A job over files: checked before anything is written, run by an engine, summed up."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pyarrow as pa

from tfelc.core.errors import BadRowsError, ScoringError, UsageError
from tfelc.data.files.log_file import LogFile
from tfelc.data.spark.spark_format import SPARK
from tfelc.lifecycle.scoring.input_file import at_versions_of, find_inputs
from tfelc.lifecycle.scoring.input_reader import InputReader, part_place
from tfelc.lifecycle.scoring.local_engine import local_engine
from tfelc.lifecycle.scoring.measures import Measures
from tfelc.lifecycle.scoring.output_folder import QUARANTINE, OutputFolder
from tfelc.lifecycle.scoring.part import Part
from tfelc.lifecycle.scoring.scorer import Scorer
from tfelc.lifecycle.scoring.shard import Shard
from tfelc.lifecycle.scoring.summary import Summary

if TYPE_CHECKING:
    from tfelc.lifecycle.scoring.engines import Engine

Progress = Callable[[int], None]
_SHOWN_ROWS = 5


@dataclass(frozen=True)
class BatchSettings(ABC):
    """What is asked of every job.

    Attributes:
        model: The exported version, BASE/<version>.
        inputs: Paths, folders, URLs, glob patterns, or Delta and Iceberg tables. A table is read at the version that
            the job's first process saw.
        output: Folder of the results: a path, or a URL that fsspec opens.
        shard: Which process of how many this is.
        limit: Rows at most; None for all.
        max_bad_rows: Largest share of rows that cannot be scored. Defaults to 0.001.
        csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.
    """

    model: Path
    inputs: tuple[str, ...]
    output: str
    shard: Shard = Shard()
    limit: int | None = None
    max_bad_rows: float = 0.001
    csv_delimiter: str | None = None

    @abstractmethod
    def scorer(self) -> Scorer:
        """What scores the rows; raises UsageError where settings name what is not there."""


S = TypeVar("S", bound=BatchSettings)


class BatchJob(ABC, Generic[S]):
    """A job whose model, inputs and columns have been checked.

    Args:
        settings: What is asked for.

    Raises:
        UsageError: Settings contradict each other, or name what is not there.
        ExportError: The model is not an export of the kind that is needed.
        DataError: A file is missing, cannot be read, or lacks a column.
    """

    def __init__(self, settings: S) -> None:
        if settings.output:
            begun = OutputFolder(settings.output, {}, settings.shard).begun_with()
            settings = replace(settings, inputs=at_versions_of(settings.inputs, begun))
        self.settings = settings
        if settings.limit is not None and settings.shard.count > 1:
            raise UsageError("`limit` and `shard` exclude each other", ["limit", "shard"])
        self.scorer = settings.scorer()
        self.files: list[LogFile] = find_inputs(settings.inputs, self.scorer.source_columns, settings.csv_delimiter)

    @property
    @abstractmethod
    def details(self) -> dict[str, Any]:
        """What the results depend on, beside what those of every job do."""

    def summary(self, measures: Measures, seconds: float, scored_now: int, complete: bool) -> Summary:
        """What came of the job."""
        return Summary(measures, seconds, scored_now, complete)

    def finish(self, folder: OutputFolder, parts: list[Part], summary: Summary) -> None:
        """Adds to the summary what is made of all the parts, before the manifest is written."""

    def recall(self, folder: OutputFolder, summary: Summary) -> None:
        """Adds the same to the summary of a job that an earlier process has ended."""

    @property
    def rows(self) -> int | None:
        """Rows that this process is to score, where the files say."""
        counts = [
            rows
            for number, file in enumerate(self.files)
            for group, rows in enumerate(file.groups or ())
            if self.settings.shard.takes(number, group)
        ]
        if any(file.groups is None for file in self.files):
            return self.settings.limit
        return min(sum(counts), self.settings.limit or sum(counts))

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What the results depend on."""
        settings, model = self.settings, self.scorer.model
        return {
            "model": {"version": model.version, "fingerprint": model.fingerprint},
            "inputs": [file.identity for file in self.files],
            "columns": self.scorer.output_schema.names,
            "limit": settings.limit,
            "shards": settings.shard.count,
            **self.details,
        }

    def reader(self) -> InputReader:
        """What reads the files."""
        return InputReader(self.scorer.source_columns, self.settings.limit)

    def preview(self) -> pa.Table:
        """The first rows, scored; nothing is written."""
        reader = InputReader(self.scorer.source_columns, _SHOWN_ROWS)
        tables = [self.scorer.score(batch).rows for batch in reader.batches(enumerate(self.files), lambda piece: True)]
        return pa.concat_tables([self.scorer.output_schema.empty_table(), *tables])

    def run(self, engine: Engine | None = None, progress: Progress = lambda rows: None) -> Summary:
        """Scores, or goes on where an earlier process stopped.

        Args:
            engine: What scores the pieces that are left. Defaults to this machine's cores.
            progress: Called with the rows done since its last call.

        Raises:
            BadRowsError: More rows were bad than allowed; the folder then has no mark of success.
            ScoringError: The folder is taken, holds other scores, or cannot be written to.
            DataError: A file turns out broken.
            ExportError: The model does not load, or fails.
        """
        settings = self.settings
        folder = OutputFolder(settings.output, self.identity, settings.shard)
        with folder.opened():
            there = folder.finished()
            self._refuse_to_go_on(folder, there)
            done = [folder.part(name) for name in sorted(there) if self._is_mine(name)]
            progress(sum(part.measures.read for part in done))
            pending = (engine or local_engine())(self, folder, there, progress)
            began = time.monotonic()
            new = list(pending)
            parts = folder.finish_shard([*done, *new])
            measures = Measures()
            for part in [*done, *new] if parts is None else parts:
                measures.add(part.measures)
            scored_now = sum(part.measures.read for part in new)
            summary = self.summary(measures, time.monotonic() - began, scored_now, parts is not None)
            if parts is None:
                return summary
            if folder.is_complete and not new:
                self.recall(folder, summary)
            else:
                self.finish(folder, parts, summary)
                folder.finish({**summary.metadata(), "parts": {part.name: part.metadata() for part in parts}})
            if measures.bad > settings.max_bad_rows * measures.read:
                raise BadRowsError(
                    f"{folder.url}: {measures.bad:,} of {measures.read:,} rows could not be scored, more than "
                    f"`max_bad_rows` {settings.max_bad_rows:g} allows; {folder.url}/{QUARANTINE} says which and why",
                    ["max_bad_rows"],
                )
            folder.mark_success()
            return summary

    def _refuse_to_go_on(self, folder: OutputFolder, there: set[str]) -> None:
        tables = [file.path for file in self.files if file.format == SPARK]
        if tables and there:
            raise ScoringError(
                f"{folder.url}: holds parts of {tables[0]}, which cannot be gone on with, since Spark may share out "
                "its rows otherwise each time; remove the folder, or name another one"
            )

    def _is_mine(self, name: str) -> bool:
        return self.settings.shard.takes(*part_place(name))
