"""One batch: checked, scored, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tfelc.data.contract import arrow_type
from tfelc.data.row_faults import RowFault, separate
from tfelc.errors import UsageError
from tfelc.schema import Column
from tfelc.scoring.exported_ranker import ExportedRanker
from tfelc.scoring.input_reader import Batch, Piece
from tfelc.scoring.measures import Measures

VERSION_COLUMN = "model_version"
# Drift needs no more than a sample: the first rows of every fourth batch of a piece.
_COUNTED_ROWS = 2_048
_COUNTED_BATCHES = 4

QUARANTINE = pa.schema([("file", pa.string()), ("row", pa.int64()), ("column", pa.string()), ("reason", pa.string())])


@dataclass(frozen=True)
class ScoredBatch:
    """What came of a batch.

    Attributes:
        piece: The piece it is from.
        rows: The scored rows, in order.
        quarantine: The rows that could not be scored.
        measures: What was counted.
        last: Whether the piece ends with it.
    """

    piece: Piece
    rows: pa.Table
    quarantine: pa.Table
    measures: Measures
    last: bool


class BatchScorer:
    """Scores batches; may be used by several threads at once.

    Args:
        ranker: The exported version.
        keep: Columns that go from the input to the output, beside the ids and the user key.
        by: A column that rankings are made by, which goes to the output and may not be null.

    Raises:
        UsageError: A column is not one of the schema's, or is named as an output is.
    """

    def __init__(self, ranker: ExportedRanker, keep: Sequence[str] = (), by: str | None = None) -> None:
        self.ranker = ranker
        schema = ranker.schema
        names = [*schema.of_kind("id"), schema.user_key, by, *keep]
        self.kept = list(dict.fromkeys(name for name in names if name is not None))
        for name in self.kept:
            if name not in schema.columns:
                raise UsageError(f"no column `{name}` in the model's schema; it has {', '.join(schema.columns)}")
            if name in ranker.outputs or name == VERSION_COLUMN:
                raise UsageError(f"column `{name}` cannot be kept beside the model's output of the same name")
        self._never_null = frozenset() if by is None else frozenset([by])
        self._types = {name: pa.from_numpy_dtype(np.dtype(dtype)) for name, dtype in ranker.outputs.items()}

    @property
    def columns(self) -> dict[str, Column]:
        """The columns to be read: features, and those that are kept."""
        schema = self.ranker.schema
        return {name: schema.columns[name] for name in dict.fromkeys([*schema.features, *self.kept])}

    @property
    def output_schema(self) -> pa.Schema:
        """The columns of the output."""
        kept = [(name, arrow_type(self.ranker.schema.columns[name])) for name in self.kept]
        return pa.schema([*kept, *self._types.items(), (VERSION_COLUMN, pa.int64())])

    def score(self, batch: Batch) -> ScoredBatch:
        """Scores what can be scored of a batch.

        Raises:
            DataError: A column's type cannot be brought to the schema's.
            ExportError: The model fails.
        """
        rows, faults = _readable(batch)
        good, broken = separate(rows, self.columns, self._never_null)
        index = np.delete(np.arange(len(batch.rows)), [fault.row for fault in faults])
        faults = sorted(
            [*faults, *(RowFault(int(index[each.row]), each.column, each.reason) for each in broken)],
            key=lambda fault: fault.row,
        )
        scores = self.ranker.score(good)
        versions = pa.array(np.full(len(good), self.ranker.version, np.int64))
        arrays = [*(good[name] for name in self.kept), *(pa.array(scores[name]) for name in self._types), versions]
        measures = Measures(read=len(batch.rows), bad=len(faults))
        measures.add_scores({name: scores[name] for name in self.ranker.probabilities})
        if (reference := self.ranker.manifest.reference) is not None and batch.number % _COUNTED_BATCHES == 0:
            sample = {name: each[:_COUNTED_ROWS] for name, each in scores.items()}
            measures.drift = reference.count(self.ranker.schema, good.slice(0, _COUNTED_ROWS), sample)
        quarantine = pa.table(
            [
                [batch.piece.file.path] * len(faults),
                [batch.first_row + fault.row for fault in faults],
                [fault.column for fault in faults],
                [fault.reason for fault in faults],
            ],
            schema=QUARANTINE,
        )
        return ScoredBatch(batch.piece, pa.table(arrays, self.output_schema), quarantine, measures, batch.last)


def _readable(batch: Batch) -> tuple[pa.Table, list[RowFault]]:
    """The batch without the rows that could not even be read, and these."""
    faults = [RowFault(row, "", why) for row, why in sorted(batch.faults.items())]
    if not faults:
        return batch.rows, []
    kept = np.ones(len(batch.rows), bool)
    kept[list(batch.faults)] = False
    return batch.rows.filter(pa.array(kept)), faults
