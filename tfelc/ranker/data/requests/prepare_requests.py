"""Logged requests and their outcomes -> a prepared dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tfelc.core.errors import DataError
from tfelc.data.files.wanted import Wanted
from tfelc.data.log_preparation import prepare
from tfelc.data.log_source import LogInput, MemoryLog
from tfelc.lifecycle.export.served_requests import log_files_of
from tfelc.ranker.data.requests.joined_rows import JoinedRows, Unmatched
from tfelc.ranker.data.requests.keys import Keys
from tfelc.ranker.data.requests.outcome_log import OutcomeLog
from tfelc.ranker.data.requests.served_rows import ServedRows
from tfelc.schema.schema import Schema


def prepare_requests(
    schema: Schema,
    requests: Sequence[str],
    outcomes: LogInput,
    out: Path,
    unmatched: Unmatched,
    key: Sequence[str] = (),
    seed: int = 0,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
    csv_delimiter: str | None = None,
) -> None:
    """Prepares a dataset of requests as they were served; all of their rows are in memory meanwhile.

    The features are those of the requests, those of `aggregates` too, which are not counted anew. Labels and all else
    come from the outcomes; the time, where the log has it, is that of the request. How many rows came together goes
    as `requests` into the manifest's metadata.

    Args:
        schema: Columns, tasks and the way to split.
        requests: Files of the log, patterns or folders.
        outcomes: What happened: a DataFrame, an Arrow table, or files.
        out: The folder to make.
        unmatched: Whether a row without an outcome is dropped, or one where nothing happened.
        key: Names of the columns that join the two. Defaults to the schema's `request_key`.
        seed: Seed of a split by row or by user.
        progress: Called with the rows written so far and their total.
        csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.

    Raises:
        DataError: A file is missing or damaged, a request or an outcome does not fit the schema, or a key is repeated.
        UsageError: A column of the key is not in the requests.
    """
    keys = Keys(schema, key)
    files = log_files_of(requests)
    known = OutcomeLog.read(schema, keys, outcomes, csv_delimiter)
    rows = ServedRows.read(schema, files)
    name = ", ".join(requests)
    if not len(rows.features):
        raise DataError(f"{name}: no rows of requests")
    joined = JoinedRows.of(schema, rows, known, keys, unmatched)
    served = schema.model_copy(update={"aggregates": {}})
    table = joined.table.rename_columns(served.source_names(joined.table.column_names))
    said = {"requests": len(rows.where), "rows": len(rows.features), **joined.counts(), "left_out": rows.left_out}
    log = MemoryLog(table, Wanted(table.column_names), f"{name} with {known.name}")
    prepare(served, log, out, seed, progress, metadata={"requests": said})
