"""How a worker brings rows to the schema's types: by the rules of one machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from tfelc.core.errors import DataError
from tfelc.data.contract import arrow_schema
from tfelc.data.delays.delay_survey import DelaySurvey
from tfelc.data.gathered_batches import conformed, gathered
from tfelc.data.log_batch import LogBatch
from tfelc.data.spark.preparation.fault_marks import FaultMarks
from tfelc.data.spark.preparation.staged_rows import StagedRows
from tfelc.data.split_words import split_words
from tfelc.data.time_survey import FractionalTimes, TimeSurvey
from tfelc.schema.schema import Schema

# Of splits that a column names; no column of a schema can be called so.
SPLIT = "split of the row"


@dataclass(frozen=True)
class LogRules:
    """How the rows of a log are read.

    Attributes:
        schema: The columns.
        name: What the log is called in messages.
        in_seconds: Whether times that are bare numbers are seconds.
    """

    schema: Schema
    name: str
    in_seconds: bool

    @property
    def columns(self) -> list[str]:
        """The columns that are read, by their names in the log."""
        extra = [self.schema.split.column] if self.schema.split.column is not None else []
        return list(dict.fromkeys(self.schema.source_names([*self.schema.log.columns, *extra])))

    def surveys(self) -> dict[str, TimeSurvey]:
        """What is to look at the times of the log, by column."""
        late = [delay.event_time for delay in self.schema.delays.values()]
        columns = self.schema.as_read(dict.fromkeys([*self.schema.of_kind("timestamp"), *late]))
        return {name: TimeSurvey(name, column, self.in_seconds) for name, column in columns.items()}

    def stage(self, batches: Iterable[LogBatch], folder: str, number: int) -> dict[str, Any]:
        """Writes rows in the schema's types; none where earlier ones are known to have a fault.

        Args:
            batches: The rows.
            folder: Where the files of all tasks lie.
            number: The task's place among those that read the log.

        Returns:
            `file` and the `rows` of each batch in it; what is known of the `times`, for each batch the `clock`'s least
            and most, and the `late` outcomes; `fault`, the first value that cannot be read, after which nothing is; and
            whether times are `fractional`.
        """
        surveys = self.surveys()
        late = DelaySurvey(self.schema, self.name) if self.schema.delays else None
        said: dict[str, Any] = {"rows": [], "clock": [], "fault": None, "fractional": False}
        faults = FaultMarks(folder)
        with StagedRows.written(folder, self._types()) as staged:
            for batch in gathered([] if faults.is_before(number) else batches):
                try:
                    for survey in surveys.values():
                        survey.see(batch)
                    rows = self._read(batch)
                    if late is not None:
                        late.see([rows])
                except DataError as error:
                    said["fault"] = str(error)
                    faults.leave(number)
                    break
                except FractionalTimes:
                    said["fractional"] = True
                    break
                staged.add(rows)
                said["rows"].append(len(rows))
                said["clock"] += self._clock(rows, batch.where)
        said["file"], said["times"] = staged.name, {name: survey.said() for name, survey in surveys.items()}
        said["late"] = None if late is None else late.counts()
        return said

    def _types(self) -> pa.Schema:
        types = arrow_schema(self.schema.log)
        return types if self.schema.split.by != "column" else types.append(pa.field(SPLIT, pa.int64()))

    def _read(self, batch: LogBatch) -> pa.Table:
        rows = conformed(batch, self.schema.log, self.in_seconds)
        if self.schema.split.by != "column":
            return rows
        (column,) = self.schema.source_names([str(self.schema.split.column)])
        return rows.append_column(SPLIT, pa.array(split_words(batch, column)))

    def _clock(self, rows: pa.Table, where: str) -> list[list[Any]]:
        if not self.schema.aggregates or not len(rows):
            return []
        times = rows[next(iter(self.schema.of_kind("timestamp")))].to_numpy()
        return [[where, int(np.min(times)), int(np.max(times))]]
