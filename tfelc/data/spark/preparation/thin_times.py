"""Tasks that take of a log's times those that one machine would keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from tfelc.data.delays.delay_survey import DelaySurvey
from tfelc.data.packed_rows import packed
from tfelc.data.spark.preparation.staged_rows import staged_batches
from tfelc.data.spark.preparation.task import Task
from tfelc.schema.schema import Schema


@dataclass(frozen=True)
class ThinTimes(Task):
    """Every so many of the rows' times.

    Attributes:
        column: The column of the times.
        files: The files of the rows.
        firsts: Place in the log of the first row of each.
        stride: Every so many rows.
    """

    column: str
    files: Sequence[str]
    firsts: Sequence[int]
    stride: int

    def work(self, number: int) -> Any:
        """Gives the times, packed."""
        tables = staged_batches(self.folder, self.files[number], columns=[self.column])
        times = np.concatenate([np.empty(0, np.int64), *(table[self.column].to_numpy() for table in tables)])
        return packed(pa.table({self.column: times[-self.firsts[number] % self.stride :: self.stride]}))


@dataclass(frozen=True)
class ThinDelays(Task):
    """Every so many of the outcomes that came within their windows, with their times and delays.

    Attributes:
        schema: The columns.
        files: The files of the rows.
        before: For each, label -> outcomes in the rows before.
        strides: Label -> every so many outcomes.
    """

    schema: Schema
    files: Sequence[str]
    before: Sequence[Mapping[str, int]]
    strides: Mapping[str, int]

    def work(self, number: int) -> Any:
        """Gives what `DelaySurvey.hear_kept` takes."""
        survey = DelaySurvey(self.schema, "log").thinned(self.before[number], self.strides)
        order = [name for name in self.schema.log.columns if name in survey.columns]
        return survey.see(staged_batches(self.folder, self.files[number], columns=order)).kept()
