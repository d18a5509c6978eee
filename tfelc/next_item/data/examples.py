"""Histories and what followed them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Examples:
    """Example `i` asks what follows `actions[starts[i]:stops[i]]`; the answer is `targets[i]`.

    The histories are slices of one flat array which all examples of a data set share, so that every prefix of a
    sequence can be an example at the price of a few numbers.

    Attributes:
        actions: Item numbers from 1, oldest first within a user, `(actions,)`, int32.
        starts: Where each history begins, `(examples,)`, int64.
        stops: Where it ends, exclusive; at least one item, `(examples,)`, int64.
        targets: Item number of the next action, `(examples,)`, int32.
        users: Row of the user in `Sequences.users`, `(examples,)`, int64.

    Example:
        >>> Examples(np.array([4, 5, 6]), np.array([0]), np.array([2]), np.array([6]), np.array([0])).history(0)
        array([4, 5])
    """

    actions: NDArray[np.int32]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    targets: NDArray[np.int32]
    users: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of items of each history, `(examples,)`."""
        return self.stops - self.starts

    def history(self, index: int) -> NDArray[np.int32]:
        """The item numbers of one history, oldest first."""
        return self.actions[self.starts[index] : self.stops[index]]

    def take(self, index: NDArray[Any] | slice) -> Examples:
        """The examples at some places, in that order; the flat array is shared.

        Args:
            index: Places, `(taken,)`; or a mask, `(examples,)`; or a slice.
        """
        return replace(
            self,
            starts=self.starts[index],
            stops=self.stops[index],
            targets=self.targets[index],
            users=self.users[index],
        )

    def joined(self, others: Examples) -> Examples:
        """These examples and then others, which share the flat array."""
        names = ("starts", "stops", "targets", "users")
        return replace(self, **{name: np.concatenate([getattr(self, name), getattr(others, name)]) for name in names})

    def truncated(self, length: int) -> Examples:
        """The same examples with at most the `length` most recent items of each history."""
        return replace(self, starts=np.maximum(self.starts, self.stops - length))

    def entries(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Every item of every history: the row of its example, and its place in `actions`, both `(items,)`."""
        lengths = self.lengths
        rows = np.repeat(np.arange(len(self)), lengths)
        firsts = np.cumsum(lengths) - lengths
        return rows, np.arange(len(rows)) + np.repeat(self.starts - firsts, lengths)

    def longest(self) -> Examples:
        """The example of each user with the longest history, in the order of the users."""
        users = self.users
        steps = np.diff(users)
        if not ((steps < 0) | ((steps == 0) & (np.diff(self.stops) < 0))).any():
            # As splits make them; many millions would take long to sort.
            return self.take(np.flatnonzero(np.append(steps != 0, True)[: len(users)]))
        order = np.lexsort((self.stops, users))
        users = users[order]
        return self.take(order[np.flatnonzero(np.append(users[1:] != users[:-1], True))])

    def known(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """All that the examples tell of each user: the longest history followed by its target.

        Returns:
            Item numbers of one user after another, `(items,)`, and where each begins and the last one ends,
            `(users + 1,)`.
        """
        longest = self.longest()
        offsets = np.concatenate([[0], np.cumsum(longest.lengths + 1)])
        of_target = np.zeros(offsets[-1], bool)
        of_target[offsets[1:] - 1] = True
        actions = np.empty(offsets[-1], np.int32)
        actions[of_target] = longest.targets
        actions[~of_target] = self.actions[longest.entries()[1]]
        return actions, offsets
