"""The aggregates of a whole log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.aggregates.aggregation import Aggregation
from tfelc.data.gathered_batches import conformed, gathered
from tfelc.data.log_batch import LogBatch
from tfelc.data.log_source import LogSource
from tfelc.data.time_survey import TimeSurvey
from tfelc.schema.schema import Schema


@contextmanager
def aggregates_of(
    schema: Schema,
    log: LogSource,
    split_of: Callable[[LogBatch, pa.Table, int], NDArray[np.int64]],
    out: Path,
    survey: TimeSurvey | None,
    in_seconds: bool,
) -> Iterator[Aggregation]:
    """Reads the columns that the aggregates are made of, in a first pass over the log; nothing where there are none.

    Args:
        schema: Its columns and aggregates.
        log: The log.
        split_of: The split of each row of a batch; 0 is training. Called with the batch, its rows, and the rows before.
        out: The dataset that is being made.
        survey: What is to see the times before they are read; None where something has.
        in_seconds: Whether times that are bare numbers are seconds.

    Raises:
        FractionalTimes: As `TimeSurvey.add`.
        DataError: A value does not fit the schema, the times are of no unit, or the log has no rows.
    """
    with Aggregation(schema, out) as aggregation:
        if schema.aggregates:
            users = [schema.user_key] if schema.user_key and schema.split.by == "user" else []
            only = schema.only(dict.fromkeys([*aggregation.columns, *users]))
            more = [schema.split.column] if schema.split.column else []
            for batch in gathered(log.batches(schema.source_names(dict.fromkeys([*only.columns, *more])))):
                if survey is not None:
                    survey.see(batch)
                rows = conformed(batch, only, in_seconds)
                aggregation.add(rows, split_of(batch, rows, aggregation.rows) == 0, batch.where)
            if not aggregation.rows:
                raise DataError(f"{log.name}: the log has no rows")
            log.rows = aggregation.rows
        yield aggregation
