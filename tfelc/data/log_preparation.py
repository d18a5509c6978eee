"""A user's own log -> a prepared dataset, cast and split as the schema says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.aggregates.of_log import aggregates_of
from tfelc.data.aggregates.state_writer import write_state
from tfelc.data.contract import conform
from tfelc.data.dataset_writer import DatasetWriter
from tfelc.data.hashed_random import hashed_uniform
from tfelc.data.log_batch import LogBatch
from tfelc.data.log_files import split_lists
from tfelc.data.log_source import LogInput, LogSource, open_log
from tfelc.data.splits import SPLITS
from tfelc.schema.schema import Schema

_SAMPLE = 1 << 22
_STREAM = 1


def prepare(
    schema: Schema,
    source: LogInput,
    out: Path,
    seed: int = 0,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> None:
    """Streams a log into a prepared dataset; memory does not grow with files.

    In a CSV file an empty field is missing and a list's values are separated by `|`.

    Args:
        schema: Columns, tasks and the way to split.
        source: Paths or glob patterns of Parquet or CSV files, or a table in memory; see `open_log`.
        out: The folder to make.
        seed: Seed of a split by row or by user.
        progress: Called with the rows read so far and their total, where that is known.

    Raises:
        DataError: A file is missing, empty or broken, a column is missing, a value does not fit, or `out` cannot be
            written.
    """
    extra = [schema.split.column] if schema.split.column is not None else []
    log = open_log(source, [*schema.log.columns, *extra])
    split_of = _splitter(schema, log, seed)
    done = 0
    with (
        DatasetWriter(out, schema, source=log.name, seed=seed) as writer,
        aggregates_of(schema, log, split_of, out) as aggregation,
    ):
        features = aggregation.features()
        for batch in log.batches():
            table = split_lists(batch.table, schema.columns) if batch.is_text else batch.table
            rows = features.added_to(conform(table, schema.log, batch.where, batch.first_row))
            split = split_of(batch, rows, done)
            for number, name in enumerate(SPLITS):
                writer.write(name, rows.filter(pa.array(split == number)), batch.where)
            done += rows.num_rows
            progress(done, log.rows)
        if done == 0:
            raise DataError(f"{log.name}: the log has no rows")
        write_state(aggregation, writer)


Splitter = Callable[[LogBatch, pa.Table, int], NDArray[np.int64]]


def _splitter(schema: Schema, log: LogSource, seed: int) -> Splitter:
    """The rule that says for each row of a batch which split it falls into, as an index into `SPLITS`."""
    split = schema.split
    if split.by == "column":
        return lambda batch, rows, done: _by_words(batch, str(split.column))
    if split.by == "time":
        (timestamp,) = schema.of_kind("timestamp")
        edges = _time_edges(schema, log, timestamp)
        return lambda batch, rows, done: np.searchsorted(edges, rows[timestamp].to_numpy(), side="right")
    shares = np.cumsum([1 - split.validation - split.test, split.validation])

    def by_key(batch: LogBatch, rows: pa.Table, done: int) -> NDArray[np.int64]:
        keys = np.arange(done, done + rows.num_rows) if split.by == "row" else _user_keys(rows[schema.user_key])
        return np.searchsorted(shares, hashed_uniform(keys, seed, _STREAM, 1)[:, 0], side="right")

    return by_key


def _by_words(batch: LogBatch, column: str) -> NDArray[np.int64]:
    words = batch.table[column].cast(pa.string())
    found = pc.index_in(words, value_set=pa.array(SPLITS))
    if found.null_count:
        row = int(pc.index(pc.is_null(found), pa.scalar(True)).as_py())
        raise DataError(
            f"{batch.where}: column `{column}`, row {batch.first_row + row}: use {', '.join(SPLITS)}. "
            f"Received: {words[row].as_py()!r}"
        )
    return found.to_numpy().astype(np.int64)


def _user_keys(users: pa.ChunkedArray) -> NDArray[np.uint64]:
    if pa.types.is_string(users.type):
        return pd.util.hash_array(users.fill_null("").to_numpy(zero_copy_only=False).astype(object))
    return users.fill_null(-1).to_numpy().astype(np.uint64)


def _time_edges(schema: Schema, log: LogSource, timestamp: str) -> NDArray[np.int64]:
    """Where validation and test begin: quantiles of the time, in a first pass over that column alone.

    Up to `_SAMPLE` values they are exact; of more, every second, fourth ... value is kept.
    """
    only = schema.model_copy(update={"columns": {timestamp: schema.columns[timestamp]}})
    kept = np.empty(0, np.int64)
    stride, seen = 1, 0
    for batch in log.batches([timestamp]):
        times = conform(batch.table, only, batch.where, batch.first_row)[timestamp].to_numpy()
        kept = np.concatenate([kept, times[-seen % stride :: stride]])
        seen += len(times)
        while len(kept) > _SAMPLE:
            kept, stride = kept[::2], stride * 2
    if not len(kept):
        raise DataError(f"{log.name}: the log has no rows")
    log.rows = seen
    kept.sort()
    shares = np.array([1 - schema.split.validation - schema.split.test, 1 - schema.split.test])
    return kept[np.minimum(np.round(shares * len(kept)).astype(np.int64), len(kept) - 1)]
