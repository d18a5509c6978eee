"""A Spark task that puts scores beside the columns of a DataFrame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from tfelc.data.files.log_file import LogFile
from tfelc.lifecycle.scoring.spark.worker_task import WorkerTask

if TYPE_CHECKING:
    from tfelc.lifecycle.scoring.scorer import ScoredBatch, Scorer

FAULT = "fault"


@dataclass(frozen=True)
class ScoreFrame(WorkerTask):
    """Gives every row back, with its scores, or without them and with what is wrong with it.

    Attributes:
        frame: The DataFrame's columns and their types.
        outputs: Names of the columns that are added, before that of the fault.
    """

    frame: LogFile
    outputs: tuple[str, ...]

    def run(self, scorer: Scorer, threads: int, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Gives a batch for each batch."""
        from tfelc.data.files.read_rows import filled
        from tfelc.lifecycle.scoring.input_reader import BATCH, Batch, Piece

        columns, piece = list(scorer.source_columns), Piece(self.frame, 0, 0)
        stored = [name for name in columns if name in self.frame.names]
        for rows in batches:
            needed = pa.Table.from_batches([filled(rows.select(stored), columns, self.frame)])
            for start in range(0, rows.num_rows, BATCH):
                batch = Batch(piece, start // BATCH, 1, needed.slice(start, BATCH), last=False)
                yield self._beside(rows.slice(start, BATCH), scorer.score(batch))

    def _beside(self, rows: pa.RecordBatch, scored: ScoredBatch) -> pa.RecordBatch:
        bad = scored.quarantine["row"].to_numpy() - 1
        good = np.ones(rows.num_rows, bool)
        good[bad] = False
        # Where its scores stand; nowhere for a bad row, so that `take` gives null.
        places = pa.array(np.cumsum(good) - 1, mask=~good)
        faults = np.full(rows.num_rows, None, object)
        faults[bad] = [f"{each['column']}: {each['reason']}" for each in scored.quarantine.to_pylist()]
        added = [scored.rows[name].combine_chunks().take(places) for name in self.outputs]
        arrays = [*rows.columns, *added, pa.array(faults, pa.string())]
        return pa.RecordBatch.from_arrays(arrays, [*rows.schema.names, *self.outputs, FAULT])
