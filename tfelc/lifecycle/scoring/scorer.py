"""One batch of a job: checked, answered, counted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from tfelc.data.contract import under_schema_names
from tfelc.data.row_faults import RowFault, separate
from tfelc.lifecycle.scoring.exported_model import ExportedModel
from tfelc.lifecycle.scoring.input_reader import Batch, Piece
from tfelc.lifecycle.scoring.measures import Measures
from tfelc.schema.column import Column
from tfelc.schema.list_sequence import ListSequence

VERSION_COLUMN = "model_version"
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


class Scorer(ABC):
    """Scores batches with a model; may be used by several threads at once.

    Attributes:
        model: The exported version.
        never_null: Columns that may not be null, beside those whose kind forbids it.
    """

    model: ExportedModel[Any]
    never_null: frozenset[str] = frozenset()

    @property
    @abstractmethod
    def columns(self) -> dict[str, Column]:
        """The columns to be read, with what the schema says of spelling."""

    @property
    def source_columns(self) -> dict[str, Column]:
        """The columns to be read, under their names in the files."""
        return {column.source or name: column for name, column in self.columns.items()}

    @property
    def undefined(self) -> dict[str, list[str]]:
        """Labels that may be null; see `Schema.undefined_labels`."""
        return {}

    @property
    @abstractmethod
    def output_schema(self) -> pa.Schema:
        """The columns of the output; the last one is that of the model's version."""

    @abstractmethod
    def answer(self, rows: pa.Table, number: int, measures: Measures) -> list[pa.Array]:
        """The output's columns but the last.

        Args:
            rows: Rows without a fault.
            number: The batch's place in its piece.
            measures: Where to count what came of them.

        Raises:
            ExportError: The model fails.
        """

    @property
    def sequences(self) -> dict[str, ListSequence]:
        """Lists that must be equally long; see `Schema.sequences`. Defaults to none."""
        return {}

    def score(self, batch: Batch) -> ScoredBatch:
        """Scores what can be scored of a batch.

        Raises:
            DataError: A column's type cannot be brought to the one that is needed.
            ExportError: The model fails.
        """
        rows, faults = _readable(batch)
        named = under_schema_names(rows, self.columns)
        good, broken = separate(named, self.columns, self.never_null, batch.is_text, self.undefined, self.sequences)
        index = np.delete(np.arange(len(batch.rows)), [fault.row for fault in faults])
        faults = sorted(
            [*faults, *(RowFault(int(index[each.row]), each.column, each.reason) for each in broken)],
            key=lambda fault: fault.row,
        )
        measures = Measures(read=len(batch.rows), bad=len(faults))
        arrays = self.answer(good, batch.number, measures)
        versions = pa.array(np.full(len(good), self.model.version, np.int64))
        quarantine = pa.table(
            [
                [batch.piece.file.source] * len(faults),
                [batch.first_row + fault.row for fault in faults],
                [fault.column for fault in faults],
                [fault.reason for fault in faults],
            ],
            schema=QUARANTINE,
        )
        table = pa.table([*arrays, versions], self.output_schema)
        return ScoredBatch(batch.piece, table, quarantine, measures, batch.last)


def _readable(batch: Batch) -> tuple[pa.Table, list[RowFault]]:
    """The batch without the rows that could not even be read, and these."""
    faults = [RowFault(row, "", why) for row, why in sorted(batch.faults.items())]
    if not faults:
        return batch.rows, []
    kept = np.ones(len(batch.rows), bool)
    kept[list(batch.faults)] = False
    return batch.rows.filter(pa.array(kept)), faults
