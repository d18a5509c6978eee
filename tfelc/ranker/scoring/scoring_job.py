"""Batch scoring with a ranker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfelc.core.errors import UsageError
from tfelc.core.expression import Expression
from tfelc.data.aggregates.state import AggregateState
from tfelc.lifecycle.scoring.batch_job import BatchJob, BatchSettings
from tfelc.lifecycle.scoring.measures import Measures
from tfelc.lifecycle.scoring.output_folder import OutputFolder
from tfelc.lifecycle.scoring.part import Part
from tfelc.lifecycle.scoring.summary import Summary
from tfelc.ranker.scoring.batch_scorer import BatchScorer
from tfelc.ranker.scoring.exported_ranker import ExportedRanker
from tfelc.ranker.scoring.ranker_summary import RankerSummary
from tfelc.ranker.scoring.ranking import RANK_COLUMN, SCORE_COLUMN, Ranking, write_ranking


@dataclass(frozen=True)
class JobSettings(BatchSettings):
    """What is asked for, beside what is asked of every job.

    Attributes:
        keep: Columns that go to the output beside the ids and the user key.
        top_k: Rows kept for each value of `by` in a ranking; None for no ranking.
        by: Column that is ranked for.
        score: Formula over the outputs that is ranked by; None for the model's own.
        state: Folder `state` of a dataset, which gives the rows the columns of aggregates; None where they have them.
    """

    keep: tuple[str, ...] = ()
    top_k: int | None = None
    by: str | None = None
    score: str | None = None
    state: Path | None = None

    def scorer(self) -> BatchScorer:
        """What scores the rows."""
        ranker = ExportedRanker(self.model)
        state = None if self.state is None else AggregateState(self.state, ranker.schema)
        return BatchScorer(ranker, self.keep, self.by, state)


class ScoringJob(BatchJob[JobSettings]):
    """A job whose model, schema, inputs and columns have been checked.

    Args:
        settings: What is asked for.

    Raises:
        UsageError: Settings contradict each other, or name what is not there.
        ExportError: The model is no export of a ranker.
        DataError: A file is missing, cannot be read, or lacks a column.

    Example:
        >>> from pathlib import Path
        >>> settings = JobSettings(model=Path("exports/ctr/3"), inputs=("*.parquet",), output="scores")
        >>> ScoringJob(settings).run().measures.read  # doctest: +SKIP
        2000000
    """

    scorer: BatchScorer

    def __init__(self, settings: JobSettings) -> None:
        asked = [each is not None for each in (settings.top_k, settings.by, settings.score)]
        # Without a formula of its own a ranking goes by the model's.
        if any(asked) and not all(asked[:2]):
            raise UsageError("`top_k`, `by` and `score` go together", ["top_k", "by", "score"])
        super().__init__(settings)
        self.ranking = self._ranking()

    @property
    def ranker(self) -> ExportedRanker:
        """The model."""
        return self.scorer.ranker

    def _ranking(self) -> Ranking | None:
        settings = self.settings
        if settings.top_k is None or settings.by is None:
            return None
        own = SCORE_COLUMN in self.ranker.outputs
        if settings.score is None and not own:
            raise UsageError("`top_k`, `by` and `score` go together", ["top_k", "by", "score"])
        if settings.score is not None and self.ranker.schema.score is not None and own:
            raise UsageError(
                f"`score`: the model has one of its own, {self.ranker.schema.score}; leave `score` out", ["score"]
            )
        for name in (SCORE_COLUMN, RANK_COLUMN):
            if name in self.scorer.output_schema.names and (name != SCORE_COLUMN or settings.score is not None):
                raise UsageError(f"a ranking has a column `{name}` of its own, as has the model or its input")
        if self.ranker.schema.columns[settings.by].is_listed:
            raise UsageError(f"`by` {settings.by}: a list cannot be ranked by", ["by"])
        formula = Expression(settings.score or SCORE_COLUMN, list(self.ranker.outputs))
        formula.refuse_endless(self.ranker.ranges)
        return Ranking(settings.top_k, settings.by, formula)

    @property
    def details(self) -> dict[str, Any]:
        """The schema, the ranking, and the state of the aggregates where one is joined."""
        settings, state = self.settings, self.scorer.state
        return {
            **({} if state is None else {"state": state.fingerprint}),
            "schema_hash": self.ranker.schema.hash(),
            "ranking": {"top_k": settings.top_k, "by": settings.by, "score": settings.score},
        }

    def summary(self, measures: Measures, seconds: float, scored_now: int, complete: bool) -> RankerSummary:
        """What came of the job."""
        return RankerSummary(measures, seconds, scored_now, complete, self.ranker)

    def finish(self, folder: OutputFolder, parts: list[Part], summary: Summary) -> None:
        """Writes the ranking where one is wanted."""
        assert isinstance(summary, RankerSummary)
        if self.ranking is not None:
            names, outputs = [part.name for part in parts], list(self.ranker.outputs)
            summary.ranked, summary.endless = write_ranking(
                folder.storage, names, self.ranking, self.scorer.kept, outputs, summary.scored
            )

    def recall(self, folder: OutputFolder, summary: Summary) -> None:
        """Reads how much was ranked."""
        assert isinstance(summary, RankerSummary)
        manifest = folder.manifest()
        summary.ranked, summary.endless = manifest["ranked_rows"], manifest.get("rows_without_score", 0)
