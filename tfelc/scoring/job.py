"""A batch scoring job: checked before anything is written, run by an engine, summed up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from tfelc.errors import BadRowsError, UsageError
from tfelc.scoring.batch_scorer import BatchScorer
from tfelc.scoring.engine import score_batches
from tfelc.scoring.exported_ranker import ExportedRanker
from tfelc.scoring.expression import Expression
from tfelc.scoring.input_file import InputFile, find_inputs
from tfelc.scoring.input_reader import InputReader, Piece
from tfelc.scoring.measures import Measures
from tfelc.scoring.output_folder import OutputFolder
from tfelc.scoring.part import Part
from tfelc.scoring.ranking import RANK_COLUMN, SCORE_COLUMN, Ranking, write_ranking
from tfelc.scoring.shard import Shard
from tfelc.scoring.summary import Summary

Progress = Callable[[int], None]
_SHOWN_ROWS = 5


@dataclass(frozen=True)
class JobSettings:
    """What is asked for.

    Attributes:
        model: The exported version, BASE/<version>.
        inputs: Paths, URLs or glob patterns.
        output: Folder of the results: a path, or a URL that fsspec opens.
        keep: Columns that go to the output beside the ids and the user key.
        shard: Which process of how many this is.
        limit: Rows at most; None for all.
        max_bad_rows: Largest share of rows that cannot be scored. Defaults to 0.001.
        top_k: Rows kept for each value of `by` in a ranking; None for no ranking.
        by: Column that is ranked for.
        score: Formula over the outputs that is ranked by.
    """

    model: Path
    inputs: tuple[str, ...]
    output: str
    keep: tuple[str, ...] = ()
    shard: Shard = Shard()
    limit: int | None = None
    max_bad_rows: float = 0.001
    top_k: int | None = None
    by: str | None = None
    score: str | None = None


class ScoringJob:
    """A job whose model, schema, inputs and columns have been checked.

    Args:
        settings: What is asked for.

    Raises:
        UsageError: Settings contradict each other, or name what is not there.
        ExportError: The model is no export of tfelc.
        DataError: A file is missing, cannot be read, or lacks a column.

    Example:
        >>> job = ScoringJob(JobSettings(Path("exports/ctr/3"), ("logs/*.parquet",), "scores"))  # doctest: +SKIP
        >>> job.run().measures.read  # doctest: +SKIP
        2000000
    """

    def __init__(self, settings: JobSettings) -> None:
        self.settings = settings
        if settings.limit is not None and settings.shard.count > 1:
            raise UsageError("--limit and --shard exclude each other")
        if len({each is None for each in (settings.top_k, settings.by, settings.score)}) > 1:
            raise UsageError("--top-k, --by and --score go together")
        self.ranker = ExportedRanker(settings.model)
        self.scorer = BatchScorer(self.ranker, settings.keep, settings.by)
        self.ranking = self._ranking()
        self.files: list[InputFile] = find_inputs(settings.inputs, self.scorer.columns)

    def _ranking(self) -> Ranking | None:
        settings = self.settings
        if settings.top_k is None or settings.by is None or settings.score is None:
            return None
        for name in (SCORE_COLUMN, RANK_COLUMN):
            if name in self.scorer.output_schema.names:
                raise UsageError(f"a ranking has a column `{name}` of its own, as has the model or its input")
        if self.ranker.schema.columns[settings.by].kind == "list":
            raise UsageError(f"--by {settings.by}: a list cannot be ranked by")
        return Ranking(settings.top_k, settings.by, Expression(settings.score, list(self.ranker.outputs)))

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
        settings = self.settings
        return {
            "model": {"version": self.ranker.version, "fingerprint": self.ranker.fingerprint},
            "schema_hash": self.ranker.schema.hash(),
            "inputs": [file.identity for file in self.files],
            "columns": self.scorer.output_schema.names,
            "limit": settings.limit,
            "shards": settings.shard.count,
            "ranking": {"top_k": settings.top_k, "by": settings.by, "score": settings.score},
        }

    def reader(self) -> InputReader:
        """What reads the files."""
        return InputReader(self.ranker.schema, self.scorer.columns, self.settings.limit)

    def preview(self) -> pa.Table:
        """The first rows, scored; nothing is written."""
        reader = InputReader(self.ranker.schema, self.scorer.columns, _SHOWN_ROWS)
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
            done = [folder.part(name) for name in sorted(there) if self._is_mine(name)]
            if engine is None:
                self.ranker.load()
            began = time.monotonic()
            progress(sum(part.measures.read for part in done))
            new = list((engine or score_here)(self, folder, there, progress))
            parts = folder.finish_shard([*done, *new])
            measures = Measures()
            for part in [*done, *new] if parts is None else parts:
                measures.add(part.measures)
            summary = Summary(
                ranker=self.ranker,
                measures=measures,
                seconds=time.monotonic() - began,
                scored_now=sum(part.measures.read for part in new),
                complete=parts is not None,
            )
            if parts is None:
                return summary
            if folder.is_complete and not new:
                summary.ranked = folder.manifest()["ranked_rows"]
            else:
                self._finish(folder, parts, summary)
            if measures.bad > settings.max_bad_rows * measures.read:
                raise BadRowsError(
                    f"{folder.url}: {measures.bad:,} of {measures.read:,} rows could not be scored, more than "
                    f"--max-bad-rows {settings.max_bad_rows:g} allows; {folder.url}/quarantine says which and why"
                )
            folder.mark_success()
            return summary

    def _finish(self, folder: OutputFolder, parts: list[Part], summary: Summary) -> None:
        if self.ranking is not None:
            names, outputs = [part.name for part in parts], list(self.ranker.outputs)
            summary.ranked = write_ranking(
                folder.storage, names, self.ranking, self.scorer.kept, outputs, summary.scored
            )
        folder.finish({**summary.facts(), "parts": {part.name: part.facts() for part in parts}})

    def _is_mine(self, name: str) -> bool:
        _, file, piece = name.removesuffix(".parquet").split("-")
        return self.settings.shard.takes(int(file), int(piece))


Engine = Callable[[ScoringJob, OutputFolder, set[str], Progress], Iterable[Part]]


def score_here(job: ScoringJob, folder: OutputFolder, there: set[str], progress: Progress) -> Iterable[Part]:
    """Scores the pieces whose parts are not `there`, on this machine's cores."""

    def wanted(piece: Piece) -> bool:
        return job.settings.shard.takes(piece.file_number, piece.number) and piece.name not in there

    return score_batches(job.reader().batches(enumerate(job.files), wanted), job.scorer, folder, progress)
