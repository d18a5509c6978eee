"""A table of interactions, one a row -> sequences."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.id_numbers import numbered
from tfelc.data.log_files import LogFiles
from tfelc.next_item.data.filtered_sequences import nothing_left
from tfelc.next_item.data.filtering import USUAL, Filtering
from tfelc.next_item.data.sequences import Sequences

_MICROSECONDS = 1e6  # a second


def read_interactions(
    path: Path,
    user: str = "user",
    item: str = "item",
    time: str = "time",
    min_user_actions: int = USUAL,
    min_item_actions: int = USUAL,
) -> Sequences:
    """Reads a `.parquet`, `.csv` or `.csv.gz` file with one interaction a row.

    Users and items with too few rows are dropped, again and again until all that are left have enough. A user's rows
    are then ordered by time; rows of the same time keep the order of the file. A repeated row is a repeated action.
    Users and items are numbered in the order of their ids.

    Args:
        path: The file.
        user: Column of user ids, whole numbers or words. Defaults to `user`.
        item: Column of item ids, likewise. Defaults to `item`.
        time: Column of times: whole numbers in any unit, fractions of seconds (kept to the microsecond), or timestamps.
            Defaults to `time`.
        min_user_actions: Rows that every user must have; 0 keeps all. Defaults to 5, as in the public files.
        min_item_actions: Rows that every item must have; 0 keeps all. Defaults to 5.

    Raises:
        DataError: The file is missing or broken, a column is missing or of another type, a value is missing or no time,
            or no row is left.
    """
    path = Path(path)
    raw_users, raw_items, times = raw_interactions([str(path)], user, item, time)
    users, items = numbered(raw_users)[1], numbered(raw_items)[1]
    kept, filtering = Filtering.of(users, items, min_user_actions, min_item_actions)
    if not len(kept):
        raise nothing_left(path, filtering)
    user_ids, users = numbered(raw_users[kept])
    catalog, items = numbered(raw_items[kept])
    order = np.lexsort((times[kept], users))  # stable, so that ties keep the file's order
    return Sequences(
        users=user_ids,
        catalog=catalog,
        offsets=np.concatenate([[0], np.cumsum(np.bincount(users))]),
        actions=(items[order] + 1).astype(np.int32),
        times=times[kept][order],
        name=path.name.removesuffix(".gz").removesuffix(".csv").removesuffix(".parquet"),
        filtering=filtering,
    )


def raw_interactions(
    paths: Sequence[str], user: str = "user", item: str = "item", time: str = "time"
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]:
    """The rows of tables of interactions, one table after the other.

    Args:
        paths: The files.
        user: Column of user ids. Defaults to `user`.
        item: Column of item ids. Defaults to `item`.
        time: Column of times. Defaults to `time`.

    Returns:
        User ids and item ids, as `numbered` takes them, and times, each `(rows,)`.

    Raises:
        DataError: As `read_interactions` does.
    """
    files = LogFiles([glob.escape(path) for path in paths], [user, item, time])
    where = Path(files.name if len(paths) > 1 else paths[0])
    table = pa.concat_tables([batch.table for batch in files.batches()] or [_no_rows(where)])
    return _ids(where, user, table[user]), _ids(where, item, table[item]), _times(where, time, table[time])


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
