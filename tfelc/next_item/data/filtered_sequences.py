"""Sequences without the users and items that occur too rarely."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tfelc.core.errors import DataError
from tfelc.next_item.data.filtering import Filtering
from tfelc.next_item.data.sequences import Sequences


def filtered_sequences(sequences: Sequences, min_user_actions: int, min_item_users: int) -> Sequences:
    """Leaves out users and items that occur too rarely, again and again until all that are left occur often enough.

    Args:
        sequences: Sequences. What to filter.
        min_user_actions: int. Actions that every user must have; 0 keeps all.
        min_item_users: int. Different users that every item must have; 0 keeps all.

    Returns:
        The sequences, which say by `filtering` what was left out.

    Raises:
        DataError: Nothing is left.
    """
    users = np.repeat(np.arange(sequences.num_users), sequences.lengths)
    kept, filtering = Filtering.of(users, sequences.actions.astype(np.int64), min_user_actions, min_item_users)
    if not len(kept):
        raise nothing_left(sequences.name, filtering)
    rows, users = np.unique(users[kept], return_inverse=True)
    numbers, items = np.unique(sequences.actions[kept], return_inverse=True)
    return replace(
        sequences,
        users=sequences.users[rows],
        catalog=sequences.catalog[numbers - 1],
        offsets=np.concatenate([[0], np.cumsum(np.bincount(users))]),
        actions=(items + 1).astype(np.int32),
        times=None if sequences.times is None else sequences.times[kept],
        filtering=filtering,
    )


def nothing_left(name: object, filtering: Filtering) -> DataError:
    """The error that says which settings to lower."""
    return DataError(
        f"{name}: none of the {filtering.all_actions:,} actions is left where a user needs "
        f"{filtering.min_user_actions} and an item {filtering.min_item_users}; lower the settings "
        "split.min_user_actions and split.min_item_users (0 keeps all)"
    )
