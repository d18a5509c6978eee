"""A user's own log -> a prepared dataset, cast and split as the schema says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.aggregates.of_log import aggregates_of
from tfelc.data.aggregates.state_writer import write_state
from tfelc.data.checks.log_checks import LogChecks
from tfelc.data.dataset_writer import DatasetWriter
from tfelc.data.delays.of_log import matured_labels_of
from tfelc.data.gathered_batches import conformed, gathered
from tfelc.data.hashed_random import hashed_uniform
from tfelc.data.log_batch import LogBatch
from tfelc.data.log_source import LogInput, LogSource, open_log
from tfelc.data.splits import SPLITS
from tfelc.data.time_edges import time_edges
from tfelc.data.time_survey import FractionalTimes, TimeSurvey
from tfelc.schema.schema import Schema

# Of no other use: by those of the simulated world, which begin at 1, a user's split would go with the user's group.
_STREAM = 101


def prepare(
    schema: Schema,
    source: LogInput,
    out: Path,
    seed: int = 0,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
    csv_delimiter: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Streams a log into a prepared dataset; memory does not grow with files.

    What becomes of the values of each type, and of the cells of text files, is told in docs/schema.md. What is
    suspicious about the log goes as `warnings` into the manifest's metadata; see `LogChecks`.

    Args:
        schema: Columns, tasks and the way to split.
        source: What names files, or a table in memory; see `open_log`.
        out: The folder to make.
        seed: Seed of a split by row or by user.
        progress: Called with the rows read so far and their total, where that is known.
        csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.
        metadata: What else goes into the manifest's metadata. Defaults to nothing.

    Raises:
        DataError: A file is missing, empty or broken, a column is missing, a value does not fit, or `out` cannot be
            written.
    """
    extra = [schema.split.column] if schema.split.column is not None else []
    log = open_log(
        source, schema.log.source_names([*schema.log.columns, *extra]), schema.log.optional_names, csv_delimiter
    )
    try:
        _write(schema, log, out, seed, progress, metadata or {}, in_seconds=False)
    except FractionalTimes:
        _write(schema, log, out, seed, progress, metadata or {}, in_seconds=True)


Splitter = Callable[[LogBatch, pa.Table, int], NDArray[np.int64]]


def _write(
    schema: Schema,
    log: LogSource,
    out: Path,
    seed: int,
    progress: Callable[[int, int | None], None],
    metadata: Mapping[str, Any],
    in_seconds: bool,
) -> None:
    timestamp = next(iter(schema.of_kind("timestamp")), None)
    split_of = _splitter(schema, log, seed, in_seconds)
    survey = None
    if timestamp is not None and schema.split.by != "time":
        survey = TimeSurvey(timestamp, schema.as_read()[timestamp], in_seconds)
    matured = matured_labels_of(schema, log, in_seconds)
    done, checks = 0, LogChecks(schema, log.names)
    with (
        DatasetWriter(out, schema, source=log.name, seed=seed) as writer,
        aggregates_of(schema, log, split_of, out, survey, in_seconds) as aggregation,
    ):
        features = aggregation.features()
        writer.metadata.update(metadata)
        for batch in gathered(log.batches()):
            if survey is not None:
                survey.see(batch)
            rows = features.added_to(conformed(batch, schema.log, in_seconds))
            split = split_of(batch, rows, done)
            rows = matured.added_to(rows, split, batch.where)
            checks.see(rows, split)
            for number, name in enumerate(SPLITS):
                writer.append(name, rows.filter(pa.array(split == number)))
            done += rows.num_rows
            progress(done, log.rows)
        if done == 0:
            raise DataError(f"{log.name}: the log has no rows")
        if survey is not None:
            survey.check()
        writer.metadata.update(matured.metadata())
        write_state(aggregation, writer)
        writer.warn(checks)


def _splitter(schema: Schema, log: LogSource, seed: int, in_seconds: bool) -> Splitter:
    """The rule that says for each row of a batch which split it falls into, as an index into `SPLITS`."""
    split = schema.split
    if split.by == "column":
        (column,) = schema.source_names([str(split.column)])
        return lambda batch, rows, done: _by_words(batch, column)
    if split.by == "time":
        (timestamp,) = schema.of_kind("timestamp")
        edges = time_edges(schema, log, timestamp, in_seconds)
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
        for part in batch.parts:
            _by_words(part, column)
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
