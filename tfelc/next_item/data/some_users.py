"""Fewer users, where all that they did would take too long."""

from __future__ import annotations

import numpy as np

from tfelc.next_item.data.examples import Examples


def some_users(train: Examples, most_actions: int) -> Examples:
    """All that training examples tell of so many users that they hold about so many actions, drawn alike in every run.

    Args:
        train: Examples. The training examples.
        most_actions: int. Actions at most, about.

    Returns:
        The examples themselves where there are no more.

    Example:
        >>> one = Examples(*map(np.array, ([1, 2, 2], [0], [2], [2], [0])))
        >>> len(some_users(one, most_actions=3))
        1
    """
    longest = train.longest()
    actions = int((longest.lengths + 1).sum())
    if actions <= most_actions:
        return train
    count = max(1, len(longest) * most_actions // actions)
    chosen = np.random.default_rng(0).choice(longest.users, count, replace=False)
    return train.take(np.isin(train.users, chosen))
