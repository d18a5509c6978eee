"""Rows of users, items and times -> sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.data.id_numbers import numbered
from tfelc.next_item.data.counted_order import counted_order
from tfelc.next_item.data.filtered_sequences import nothing_left
from tfelc.next_item.data.filtering import USUAL, Filtering
from tfelc.next_item.data.sequences import Sequences

Rows = tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]


def sequences_of_rows(
    name: str, rows: Rows, min_user_actions: int = USUAL, min_item_users: int = USUAL, where: object = None
) -> Sequences:
    """Drops users and items with too few rows, and puts each user's rows in the order of their times.

    Args:
        name: What the sequences are called.
        rows: User ids and item ids, as `numbered` takes them, and times, each `(rows,)`. Rows of the same time keep
            their order; a repeated row is a repeated action.
        min_user_actions: Rows that every user must have; 0 keeps all. Defaults to 5, as in the public files.
        min_item_users: Different users that every item must have; 0 keeps all. Defaults to 5.
        where: What messages call the rows. Defaults to the name.

    Raises:
        DataError: No row is left.

    Example:
        >>> rows = np.array([7, 7, 8]), np.array([30, 10, 10]), np.array([2, 1, 3])
        >>> sequences_of_rows("shop", rows, 0, 0).actions.tolist()
        [1, 2, 1]
    """
    raw_users, raw_items, times = rows
    (user_ids, users), (catalog, items) = numbered(raw_users), numbered(raw_items)
    kept, filtering = Filtering.of(users, items, min_user_actions, min_item_users)
    if not len(kept):
        raise nothing_left(name if where is None else where, filtering)
    if len(kept) < len(users):
        times = times[kept]
        user_ids, users = numbered(raw_users[kept])
        catalog, items = numbered(raw_items[kept])
    order = _by_user_and_time(users, times)
    return Sequences(
        users=user_ids,
        catalog=catalog,
        offsets=np.concatenate([[0], np.cumsum(np.bincount(users))]),
        actions=(items[order] + 1).astype(np.int32),
        times=times[order],
        name=name,
        filtering=filtering,
    )


def _by_user_and_time(users: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order of users, and within a user that of time; ties keep the order of the rows."""
    order = counted_order(users)
    ordered_users, ordered_times = users[order], times[order]
    falls = (np.diff(ordered_times) < 0) & (np.diff(ordered_users) == 0)
    if not falls.any():
        return order
    by_time = np.argsort(times, kind="stable")
    return by_time[counted_order(users[by_time])]
