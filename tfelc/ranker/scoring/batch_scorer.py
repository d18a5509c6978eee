"""The rows of a ranker's table, scored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tfelc.core.errors import UsageError
from tfelc.data.aggregates.state import AggregateState
from tfelc.data.contract import arrow_type
from tfelc.lifecycle.scoring.measures import Measures
from tfelc.lifecycle.scoring.scorer import VERSION_COLUMN, Scorer
from tfelc.ranker.scoring.exported_ranker import ExportedRanker
from tfelc.schema.column import Column
from tfelc.schema.list_sequence import ListSequence

# Drift needs no more than a sample: the first rows of every fourth batch of a piece.
_COUNTED_ROWS = 2_048
_COUNTED_BATCHES = 4


class BatchScorer(Scorer):
    """Scores rows with a ranker.

    Args:
        ranker: The exported version.
        keep: Columns that go from the input to the output, beside the ids and the user key.
        by: A column that rankings are made by, which goes to the output and may not be null.
        state: What gives the rows the columns of the schema's aggregates. Defaults to None: the input has them.

    Raises:
        UsageError: A column is not one of the schema's, or is named as an output is.
    """

    def __init__(
        self,
        ranker: ExportedRanker,
        keep: Sequence[str] = (),
        by: str | None = None,
        state: AggregateState | None = None,
    ) -> None:
        self.model = self.ranker = ranker
        self.state = state
        schema = ranker.schema
        names = [*schema.of_kind("id"), schema.user_key, by, *keep]
        self.kept = list(dict.fromkeys(name for name in names if name is not None))
        for name in self.kept:
            if name not in schema.columns:
                raise UsageError(f"no column `{name}` in the model's schema; it has {', '.join(schema.columns)}")
            if name in ranker.outputs or name == VERSION_COLUMN:
                raise UsageError(f"column `{name}` cannot be kept beside the model's output of the same name")
        self.never_null = frozenset() if by is None else frozenset([by])
        self._types = {name: pa.from_numpy_dtype(np.dtype(dtype)) for name, dtype in ranker.outputs.items()}

    @property
    def columns(self) -> dict[str, Column]:
        """The columns to be read: features, and those that are kept."""
        schema = self.ranker.schema
        columns = schema.as_read(dict.fromkeys([*schema.features, *self.kept]))
        return columns if self.state is None else self.state.needed(columns)

    @property
    def undefined(self) -> dict[str, list[str]]:
        """Labels that may be null."""
        return self.ranker.schema.undefined_labels

    @property
    def sequences(self) -> dict[str, ListSequence]:
        """Lists that must be equally long; see `Schema.sequences`."""
        return self.ranker.schema.sequences

    @property
    def output_schema(self) -> pa.Schema:
        """The columns of the output: those kept, the model's outputs, and its version."""
        kept = [(name, arrow_type(self.ranker.schema.columns[name])) for name in self.kept]
        return pa.schema([*kept, *self._types.items(), (VERSION_COLUMN, pa.int64())])

    def answer(self, rows: pa.Table, number: int, measures: Measures) -> list[pa.Array]:
        """The kept columns and the scores; counts the scores, and of some batches what drift needs."""
        if self.state is not None:
            rows = self.state.added_to(rows)
        scores = self.ranker.score(rows)
        measures.add_scores({name: scores[name] for name in self.ranker.probabilities})
        if (reference := self.ranker.manifest.reference) is not None and number % _COUNTED_BATCHES == 0:
            sample = {name: each[:_COUNTED_ROWS] for name, each in scores.items()}
            measures.drift = reference.count(self.ranker.schema, rows.slice(0, _COUNTED_ROWS), sample)
        return [*(rows[name] for name in self.kept), *(pa.array(scores[name]) for name in self._types)]
