"""Where the last rows of a log begin, by its times."""

from __future__ import annotations

import warnings

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import DataError
from tfelc.data.contract import conform, under_schema_names
from tfelc.data.log_source import LogSource
from tfelc.data.time_survey import TimeSurvey
from tfelc.schema.schema import Schema

_SAMPLE = 1 << 22


def time_edges(schema: Schema, log: LogSource, timestamp: str, in_seconds: bool) -> NDArray[np.int64]:
    """Where validation and test begin: quantiles of the time, in a first pass over that column alone.

    Up to `_SAMPLE` values they are exact; of more, every second, fourth ... value is kept. Where one time holds so many
    rows that a split would stay empty, the edges move to the borders of times.

    Args:
        schema: The schema.
        log: The log.
        timestamp: The column.
        in_seconds: Whether times that are bare numbers are seconds.

    Raises:
        FractionalTimes: A bare number has a fraction, and they are not being read as seconds.
        DataError: There are no rows, a value is no time, or there are too few different times.
    """
    only = schema.model_copy(update={"columns": {timestamp: schema.columns[timestamp]}})
    column = only.as_read()[timestamp]
    survey = TimeSurvey(timestamp, column, in_seconds)
    kept = np.empty(0, np.int64)
    stride, seen = 1, 0
    for batch in log.batches(only.source_names([timestamp])):
        table = under_schema_names(batch.table, only.columns)
        found = survey.add(batch.where, table[timestamp].combine_chunks(), batch.is_text)
        if found is None or found.brought.faults or found.brought.values.null_count:
            conform(table, only, batch.where, batch.first_row, batch.is_text, in_seconds)  # says what is wrong
        values = pa.array([]) if found is None else found.brought.values
        times = values.to_numpy(zero_copy_only=False)
        kept = np.concatenate([kept, times[-seen % stride :: stride]])
        seen += len(times)
        while len(kept) > _SAMPLE:
            kept, stride = kept[::2], stride * 2
    if not len(kept):
        raise DataError(f"{log.name}: the log has no rows")
    survey.check()
    log.rows = seen
    return edges_in(np.sort(kept), schema, f"{log.name}: column `{timestamp}`")


def kept_stride(rows: int) -> int:
    """Of a log of so many rows, `time_edges` keeps the time of every so many.

    Example:
        >>> kept_stride(1 << 22), kept_stride((1 << 22) + 1)
        (1, 2)
    """
    stride = 1
    while -(-rows // stride) > _SAMPLE:
        stride *= 2
    return stride


def edges_in(times: NDArray[np.int64], schema: Schema, where: str) -> NDArray[np.int64]:
    """Where validation and test begin.

    Args:
        times: The times that were kept, sorted.
        schema: The way to split.
        where: What they are, for messages.

    Raises:
        DataError: There are too few different times.
    """
    split = schema.split
    shares = np.array([1 - split.validation - split.test, 1 - split.test])
    edges: NDArray[np.int64] = times[np.minimum(np.round(shares * len(times)).astype(np.int64), len(times) - 1)]
    if times[0] < edges[0] < edges[1]:
        return edges
    distinct = np.unique(times)
    if len(distinct) < len(shares) + 1:
        raise DataError(
            f"{where} holds {len(distinct)} different times; a split by time needs one for each of train, "
            "validation and test: give finer times, or split by row or by user"
        )
    first, second = np.searchsorted(distinct, edges).tolist()
    second = min(max(second, first + 1, 2), len(distinct) - 1)
    first = min(max(first, 1), second - 1)
    moved: NDArray[np.int64] = distinct[[first, second]]
    rows = np.diff([0, *np.searchsorted(times, moved), len(times)]) / len(times)
    warnings.warn(
        f"{where}: single times hold more rows than the shares of `split`, so that the splits begin where a time "
        f"does; train gets {rows[0]:.1%} of the rows, validation {rows[1]:.1%}, test {rows[2]:.1%}",
        DataWarning,
        stacklevel=2,
    )
    return moved
