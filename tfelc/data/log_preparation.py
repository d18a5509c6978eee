"""A user's own log -> a prepared dataset, cast and split as the schema says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.aggregates.of_log import aggregates_of
from tfelc.data.aggregates.state_writer import write_state
from tfelc.data.checks.log_checks import LogChecks
from tfelc.data.dataset_writer import DatasetWriter
from tfelc.data.delays.of_log import matured_labels_of
from tfelc.data.gathered_batches import conformed, gathered
from tfelc.data.log_batch import LogBatch
from tfelc.data.log_source import LogInput, LogSource, open_log
from tfelc.data.split_rule import SplitRule
from tfelc.data.split_words import split_words
from tfelc.data.splits import SPLITS
from tfelc.data.time_edges import time_edges
from tfelc.data.time_survey import FractionalTimes, TimeSurvey
from tfelc.schema.schema import Schema


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
        write_state(aggregation, writer.folder)
        writer.warn(checks)


def _splitter(schema: Schema, log: LogSource, seed: int, in_seconds: bool) -> Splitter:
    """The rule that says for each row of a batch which split it falls into, as an index into `SPLITS`."""
    split = schema.split
    if split.by == "column":
        (column,) = schema.source_names([str(split.column)])
        return lambda batch, rows, done: split_words(batch, column)
    edges = None
    if split.by == "time":
        (timestamp,) = schema.of_kind("timestamp")
        edges = time_edges(schema, log, timestamp, in_seconds)
    rule = SplitRule(schema, seed, edges)
    return lambda batch, rows, done: rule.splits(rows, done)
