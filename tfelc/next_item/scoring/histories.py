"""A table of interactions as a file of histories, one row a user, for batch scoring."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tfelc.data.id_numbers import numbered
from tfelc.lifecycle.scoring.input_file import stored_names
from tfelc.next_item.data.interaction_table import raw_interactions

COLUMNS = ("user", "item", "time")
# The column that is made.
HISTORY = "history"
_ROWS_PER_GROUP = 65_536


def are_interactions(sources: Sequence[str], history: str, csv_delimiter: str | None = None) -> bool:
    """Whether files hold interactions, as training takes them, and not histories.

    Args:
        sources: Sequence of str. What names them.
        history: str. The column of histories.
        csv_delimiter: str. What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.
    """
    names = stored_names(sources, csv_delimiter)
    return history not in names and set(COLUMNS) <= set(names)


def write_histories(sources: Sequence[str], path: Path, csv_delimiter: str | None = None) -> None:
    """Gathers each user's items, oldest first, as training does; equal tables give equal files.

    Nothing is filtered: items that the model's catalog lacks are passed over when it answers.

    Args:
        sources: Sequence of str. What names tables with the columns `user`, `item` and `time`.
        path: Path. The Parquet file to write, with the columns `user` and `history`.
        csv_delimiter: str. What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.

    Raises:
        DataError: A file is missing or broken, or a value is none of its kind.

    Example:
        >>> write_histories(["clicks.parquet"], Path("users.parquet"))  # doctest: +SKIP
    """
    raw_users, raw_items, times = raw_interactions(sources, *COLUMNS, csv_delimiter)
    user_ids, users = numbered(raw_users)
    item_ids, items = numbered(raw_items)
    order = np.lexsort((times, users))  # stable, so that ties keep the file's order
    offsets = pa.array(np.concatenate([[0], np.cumsum(np.bincount(users))]), pa.int32())
    histories = pa.ListArray.from_arrays(offsets, _ids(item_ids).take(pa.array(items[order])))
    pq.write_table(pa.table({"user": _ids(user_ids), HISTORY: histories}), path, row_group_size=_ROWS_PER_GROUP)


def _ids(ids: NDArray[Any]) -> pa.Array:
    return pa.array(ids, pa.int64() if np.issubdtype(ids.dtype, np.integer) else pa.string())
