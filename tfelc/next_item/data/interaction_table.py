"""A table of interactions, one a row -> sequences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.core.errors import DataError, UsageError
from tfelc.data.files.formats import without_ending
from tfelc.data.files.log_files import LogFiles
from tfelc.data.files.wanted import Wanted
from tfelc.data.id_numbers import numbered
from tfelc.next_item.data.sequences import Sequences

_MICROSECONDS = 1e6  # a second


def read_interactions(
    path: str | Path,
    user: str = "user",
    item: str = "item",
    time: str = "time",
    core: int = 5,
    csv_delimiter: str | None = None,
) -> Sequences:
    """Reads files with one interaction a row.

    Users and items that occur fewer than `core` times are dropped, again and again until all that are left occur often
    enough. A user's rows are then ordered by time; rows of the same time keep the order of the file. A repeated row is
    a repeated action. Users and items are numbered in the order of their ids.

    Args:
        path: What names them; see `open_log`.
        user: Column of user ids, whole numbers or words. Defaults to `user`.
        item: Column of item ids, likewise. Defaults to `item`.
        time: Column of times: whole numbers in any unit, fractions of seconds (kept to the microsecond), or timestamps.
            Defaults to `time`.
        core: Occurrences that every user and every item must have; 1 keeps all. Defaults to 5, as in the public files.
        csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.

    Raises:
        UsageError: `core` is below 1.
        DataError: The file is missing or broken, a column is missing or of another type, a value is missing or no time,
            or no row is left.
    """
    if core < 1:
        raise UsageError(f"`core` must be at least 1. Received: {core}")
    table = _read(str(path), Wanted([user, item, time], csv_delimiter=csv_delimiter))
    path = Path(path)
    raw_users, raw_items = (_ids(path, name, table[name]) for name in (user, item))
    times = _times(path, time, table[time])

    users, items = numbered(raw_users)[1], numbered(raw_items)[1]
    kept = _core(users, items, core)
    if not len(kept):
        raise DataError(f"{path}: no row is left where each user and item occurs {core} times; lower `core`")
    user_ids, users = numbered(raw_users[kept])
    catalog, items = numbered(raw_items[kept])
    order = np.lexsort((times[kept], users))  # stable, so that ties keep the file's order
    return Sequences(
        users=user_ids,
        catalog=catalog,
        offsets=np.concatenate([[0], np.cumsum(np.bincount(users))]),
        actions=(items[order] + 1).astype(np.int32),
        times=times[kept][order],
        name=without_ending(path.name),
    )


def _read(source: str, wanted: Wanted) -> pa.Table:
    tables = [batch.table for batch in LogFiles([source], wanted).batches()]
    try:
        return pa.concat_tables(tables or [_no_rows(Path(source))], promote_options="permissive")
    except pa.ArrowException as error:
        raise DataError(f"{source}: the files' columns are of different types: {error}") from None


def _core(users: NDArray[np.int64], items: NDArray[np.int64], core: int) -> NDArray[np.int64]:
    """The rows whose user and item occur often enough among those same rows."""
    kept = np.arange(len(users))
    while True:
        often = (np.bincount(users[kept])[users[kept]] >= core) & (np.bincount(items[kept])[items[kept]] >= core)
        if often.all():
            return kept
        kept = kept[often]


def _ids(path: Path, name: str, column: pa.ChunkedArray) -> NDArray[Any]:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    _refuse_missing(path, name, pc.is_null(column))
    ids: NDArray[Any]
    if pa.types.is_integer(kind) and not pa.types.is_uint64(kind):
        ids = column.cast(pa.int64()).to_numpy()
        return ids
    if pa.types.is_uint64(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        ids = np.array(column.cast(pa.large_string()).cast(pa.large_binary()).to_pylist(), object)
        return ids
    raise DataError(f"{path}: column `{name}` is {column.type}; ids are whole numbers or words")


def _times(path: Path, name: str, column: pa.ChunkedArray) -> NDArray[np.int64]:
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        _refuse_missing(path, name, pc.is_null(column))
        moments: NDArray[np.int64] = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy()
        return moments
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _times_of_text(path, name, column)
    if not pa.types.is_integer(kind) and not pa.types.is_floating(kind):
        raise DataError(f"{path}: column `{name}` is {kind}; times are numbers or timestamps")
    _refuse_missing(path, name, pc.is_null(column, nan_is_null=True))
    return _whole(path, name, column.to_numpy())


def _times_of_text(path: Path, name: str, column: pa.ChunkedArray) -> NDArray[np.int64]:
    _refuse_missing(path, name, pc.is_null(column))
    texts = pd.Series(column.to_pandas())
    numbers = pd.to_numeric(texts, errors="coerce")
    if numbers.notna().any():
        wrong = numbers.isna()
        values = numbers.to_numpy()
    else:
        moments = pd.to_datetime(texts, errors="coerce", utc=True, format="ISO8601")
        wrong = moments.isna()
        values = moments.dt.tz_localize(None).to_numpy().astype("datetime64[us]").astype(np.int64)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"{path}: column `{name}`, row {row + 1}: no time. Received: {texts[row]!r}")
    return _whole(path, name, values)


def _whole(path: Path, name: str, values: NDArray[Any]) -> NDArray[np.int64]:
    """Whole numbers as they are; fractions as microseconds."""
    if np.issubdtype(values.dtype, np.floating):
        values = values.astype(np.float64)
        if np.any(values != np.floor(values)):
            values = np.round(values * _MICROSECONDS)
    wrong = ~(np.abs(values.astype(np.float64)) < 2.0**63)
    if wrong.any():
        raise DataError(f"{path}: column `{name}`, row {int(np.argmax(wrong)) + 1}: the time is out of range")
    return values.astype(np.int64)


def _refuse_missing(path: Path, name: str, missing: pa.ChunkedArray) -> None:
    row = pc.index(missing, pa.scalar(True)).as_py()
    if row >= 0:
        raise DataError(f"{path}: column `{name}`, row {row + 1}: the value is missing; drop the row or fill it in")


def _no_rows(path: Path) -> pa.Table:
    raise DataError(f"{path}: the table has no rows")
