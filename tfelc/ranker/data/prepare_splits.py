"""A log, and perhaps another one to validate on -> a prepared dataset."""

from __future__ import annotations

from pathlib import Path

from tfelc.core.row_progress import RowProgress
from tfelc.data.conformed_log import conformed_tables
from tfelc.data.dataset import Dataset
from tfelc.data.dataset_writer import DatasetWriter
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
            with DatasetWriter(out, schema, source="logs for training and for validation", seed=seed) as writer:
                for split, source in (("train", data), ("validation", validation), ("test", validation)):
                    for rows in conformed_tables(schema, source, list(schema.columns), csv_delimiter):
                        writer.append(split, rows)
                        bar.advance(len(rows))
    dataset = Dataset(out)
    for warning in dataset.manifest.metadata.get("warnings", ()) if progress else ():
        print(f"warning: {warning}")
    return dataset
