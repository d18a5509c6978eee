"""A log, and perhaps another one to validate on -> a prepared dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfelc.core.row_progress import RowProgress
from tfelc.data.aggregates.aggregation import Aggregation
from tfelc.data.aggregates.state_writer import write_state
from tfelc.data.conformed_log import conformed_tables
from tfelc.data.dataset import Dataset
from tfelc.data.dataset_writer import DatasetWriter
from tfelc.data.delays.delay_survey import DelaySurvey
from tfelc.data.delays.matured_labels import MaturedLabels
from tfelc.data.log_preparation import prepare
from tfelc.data.log_source import LogInput
from tfelc.schema.schema import Schema


def prepare_splits(
    schema: Schema,
    data: LogInput,
    validation: LogInput | None,
    out: Path,
    seed: int,
    progress: bool,
    csv_delimiter: str | None = None,
) -> Dataset:
    """Prepares a dataset as `tfelc prepare table` does.

    Args:
        schema: Columns, tasks and the way to split.
        data: The log.
        validation: Rows for validation and test; `data` is then all for training. None: the schema's split.
        out: The folder to make.
        seed: Seed of a split by row or by user.
        progress: Whether to draw a bar, and to print what is suspicious.
        csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.

    Raises:
        DataError: A column is missing, a value does not fit, or a split stays empty.
    """
    with RowProgress(shown=progress) as bar:
        if validation is None:
            prepare(schema, data, out, seed, bar.update, csv_delimiter)
        else:
            _prepare_two(schema, data, validation, out, seed, bar, csv_delimiter)
    dataset = Dataset(out)
    for warning in dataset.manifest.metadata.get("warnings", ()) if progress else ():
        print(f"warning: {warning}")
    return dataset


def _prepare_two(
    schema: Schema,
    data: LogInput,
    validation: LogInput,
    out: Path,
    seed: int,
    bar: RowProgress,
    csv_delimiter: str | None,
) -> None:
    parts = (("train", data), ("validation", validation), ("test", validation))
    with (
        DatasetWriter(out, schema, source="logs for training and for validation", seed=seed) as writer,
        Aggregation(schema, out) as aggregation,
    ):
        starts = {}
        for split, source in parts[:2] if schema.aggregates else ():
            starts[split] = aggregation.rows
            for rows in conformed_tables(schema, source, aggregation.columns, csv_delimiter):
                aggregation.add(rows, np.full(len(rows), split == "train"), split)
        matured = _matured(schema, [source for _, source in parts], csv_delimiter)
        for number, (split, source) in enumerate(parts):
            # The rows of the test split are those of validation.
            features = aggregation.features(starts.get(split, starts.get("validation", 0)))
            for rows in conformed_tables(schema, source, list(schema.log.columns), csv_delimiter):
                rows = matured.added_to(features.added_to(rows), np.full(len(rows), number), split)
                writer.append(split, rows)
                bar.advance(len(rows))
        writer.metadata.update(matured.metadata())
        write_state(aggregation, writer.folder)


def _matured(schema: Schema, sources: Sequence[LogInput], csv_delimiter: str | None) -> MaturedLabels:
    """Of each log its own end says which of its rows are mature."""
    if not schema.delays:
        return MaturedLabels(schema, [])
    surveys = [DelaySurvey(schema, "the log for training"), DelaySurvey(schema, "the log for validation")]
    for survey, source in zip(surveys, sources[:2], strict=True):
        survey.see(conformed_tables(schema, source, survey.columns, csv_delimiter))
    return MaturedLabels(schema, [*surveys, surveys[1]], trains=True)
