"""Which actions are left of users and items that occur often enough, and what that leaves out."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

# What a table of interactions is filtered by, as the public files were; those in the paper's format come filtered.
USUAL = 5


@dataclass(frozen=True)
class Filtering:
    """What a filter by occurrences has left of a data set.

    Attributes:
        min_user_actions: Actions that every user must have.
        min_item_users: Users that every item must have.
        users: Users that are left.
        items: Items that are left.
        actions: Actions that are left.
        all_users: Users that there were.
        all_items: Items that there were.
        all_actions: Actions that there were.
    """

    min_user_actions: int
    min_item_users: int
    users: int
    items: int
    actions: int
    all_users: int
    all_items: int
    all_actions: int

    @classmethod
    def of(
        cls, users: NDArray[np.int64], items: NDArray[np.int64], min_user_actions: int, min_item_users: int
    ) -> tuple[NDArray[np.int64], Filtering]:
        """Filters actions, again and again until every user and item that is left has enough of those that are left.

        Args:
            users: Number of each action's user, `(actions,)`.
            items: Number of each action's item, `(actions,)`.
            min_user_actions: Actions that every user must have.
            min_item_users: Different users that every item must have.

        Returns:
            The places of the actions that are left, and what that leaves out.

        Example:
            >>> places, left = Filtering.of(np.array([0, 0, 1]), np.array([0, 1, 1]), 2, 0)
            >>> places.tolist(), left.users, left.all_users
            ([0, 1], 1, 2)
        """
        kept = np.arange(len(users))
        # Of a user's actions with an item one stands for all: they are kept or left out together.
        stands = np.ones(len(users), bool)
        if min_item_users > 1:
            stands[:] = False
            stands[np.unique(users * (items.max(initial=0) + 1) + items, return_index=True)[1]] = True
        while len(kept):
            of_users, of_items = users[kept], items[kept]
            takers = np.bincount(of_items[stands[kept]], minlength=of_items.max() + 1)
            often = np.bincount(of_users)[of_users] >= min_user_actions
            often &= takers[of_items] >= min_item_users
            if often.all():
                break
            kept = kept[often]
        before = (_distinct(users), _distinct(items), len(users))
        after = (_distinct(users[kept]), _distinct(items[kept]), len(kept))
        return kept, cls(min_user_actions, min_item_users, *after, *before)

    def to_json(self) -> dict[str, int]:
        """What `run.json` says of it."""
        return asdict(self)

    def sentence(self) -> str:
        """What it has left out, in words, with the settings that say so."""
        limits = (
            f"split.min_user_actions={self.min_user_actions}, split.min_item_users={self.min_item_users}; 0 keeps all"
        )
        if self.actions == self.all_actions:
            return f"all {self.users:,} users, {self.items:,} items and {self.actions:,} actions are kept ({limits})"
        dropped = ", ".join(
            f"{before - after:,} of {before:,} {name} ({_percent(before - after, before)})"
            for name, after, before in (
                ("users", self.users, self.all_users),
                ("items", self.items, self.all_items),
                ("actions", self.actions, self.all_actions),
            )
        )
        return f"left out as too rare: {dropped} ({limits})"


def _distinct(numbers: NDArray[np.int64]) -> int:
    """How many different numbers there are; counted, which takes a tenth of what NumPy's look for them does."""
    return int(np.count_nonzero(np.bincount(numbers)))


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole
    return "under 1 %" if 0 < share < 1 else f"{share:.0f} %"
