"""A table of interactions, one a row -> sequences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.contract import checked_column
from tfelc.data.files.formats import without_ending
from tfelc.data.files.log_files import LogFiles
from tfelc.data.files.wanted import Wanted
from tfelc.data.log_batch import LogBatch
from tfelc.data.time_survey import FractionalTimes, TimeSurvey
from tfelc.next_item.data.filtering import USUAL
from tfelc.next_item.data.raw_ids import raw_ids
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.data.sequences_of_rows import Rows, sequences_of_rows
from tfelc.schema.column import Column

_TIME = Column(kind="timestamp", timezone="UTC")


def read_interactions(
    path: str | Path,
    user: str = "user",
    item: str = "item",
    time: str = "time",
    min_user_actions: int = USUAL,
    min_item_users: int = USUAL,
    csv_delimiter: str | None = None,
) -> Sequences:
    """Reads files with one interaction a row.

    Users and items with too few rows are dropped, again and again until all that are left have enough. A user's rows
    are then ordered by time; rows of the same time keep the order of the file. A repeated row is a repeated action.
    Users and items are numbered in the order of their ids.

    Args:
        path: What names them; see `open_log`.
        user: Column of user ids, whole numbers or texts. Defaults to `user`.
        item: Column of item ids, likewise. Defaults to `item`.
        time: Column of times: whole numbers in any unit, fractions of seconds (kept to the microsecond), timestamps,
            dates or ISO texts, which are of UTC unless they name a zone. Defaults to `time`. What becomes of each type
            of values is told in docs/schema.md.
        min_user_actions: Rows that every user must have; 0 keeps all. Defaults to 5, as in the public files.
        min_item_users: Different users that every item must have; 0 keeps all. Defaults to 5.
        csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.

    Raises:
        DataError: The file is missing or broken, a column is missing or of another type, a value is missing or no time,
            or no row is left.
    """
    rows = raw_interactions([str(path)], user, item, time, csv_delimiter)
    return sequences_of_rows(without_ending(Path(path).name), rows, min_user_actions, min_item_users, path)


def raw_interactions(
    sources: Sequence[str],
    user: str = "user",
    item: str = "item",
    time: str = "time",
    csv_delimiter: str | None = None,
) -> Rows:
    """The rows of tables of interactions, one table after the other.

    Args:
        sources: What names the tables; see `open_log`.
        user: Column of user ids. Defaults to `user`.
        item: Column of item ids. Defaults to `item`.
        time: Column of times. Defaults to `time`.
        csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.

    Returns:
        User ids and item ids, as `numbered` takes them, and times, each `(rows,)`.

    Raises:
        DataError: As `read_interactions` does.
    """
    files = LogFiles(sources, Wanted([user, item, time], csv_delimiter=csv_delimiter))
    batches = [batch for batch in files.batches() if len(batch.table)]
    if not batches:
        raise DataError(f"{files.name}: the table has no rows")
    return raw_ids(batches, user), raw_ids(batches, item), _times(batches, time)


def _times(batches: list[LogBatch], name: str, in_seconds: bool = False) -> NDArray[np.int64]:
    """Whole numbers as they are; fractions, which only seconds have, and real times as microseconds."""
    survey = TimeSurvey(name, _TIME, in_seconds)
    try:
        for batch in batches:
            survey.add(batch.where, batch.table[name].combine_chunks(), batch.is_text)
    except FractionalTimes:
        return _times(batches, name, in_seconds=True)
    survey.check()
    times: NDArray[np.int64] = pa.chunked_array(
        [checked_column(batch, name, _TIME, in_seconds) for batch in batches]
    ).to_numpy()
    return times
