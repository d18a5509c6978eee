"""Tasks that leave most of the training rows out in which an outcome did not come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfelc.data.contract import arrow_schema
from tfelc.data.negative_sampling import NegativeSampling
from tfelc.data.spark.preparation.slices import Slice
from tfelc.data.spark.preparation.staged_rows import StagedRows, staged_batches
from tfelc.data.spark.preparation.task import Task
from tfelc.schema.schema import Schema


@dataclass(frozen=True)
class KeepNegatives(Task):
    """Writes the training rows of a file again, without those that are dropped.

    Attributes:
        schema: The columns.
        seed: Seed of the choice.
        slices: The rows that each number stands for, whole batches of one file.
        firsts: Place in the split of the first of them.
    """

    schema: Schema
    seed: int
    slices: Sequence[Sequence[Slice]]
    firsts: Sequence[int]

    def work(self, number: int) -> Any:
        """Gives the file, the rows of each batch in it, and how many were dropped."""
        sampling = NegativeSampling(self.schema, self.seed, self.firsts[number])
        counts = []
        slices = self.slices[number]
        with StagedRows.written(self.folder, arrow_schema(self.schema)) as staged:
            for rows in staged_batches(self.folder, slices[0].file, [each.batch for each in slices]):
                kept = sampling.kept(rows)
                staged.add(kept)
                counts.append(len(kept))
        return {"file": staged.name, "rows": counts, "sampling": sampling.said()}
