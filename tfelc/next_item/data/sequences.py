"""Every user's items in the order of time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.next_item.data.filtering import Filtering


@dataclass(frozen=True, eq=False)
class Sequences:
    """Sequences of different lengths in one flat array; user `u`'s items are `actions[offsets[u]:offsets[u + 1]]`.

    Attributes:
        users: Raw user ids, `(users,)`, int64 or strings.
        catalog: Raw item ids, `(items,)`, int64 or strings; item number `i` is `catalog[i - 1]`.
        offsets: Where each user begins, and at last where the last one ends, `(users + 1,)`, int64.
        actions: Item numbers from 1, `(actions,)`, int32; 0 stays free for padding.
        times: Time of each action in any whole unit, never falling within a user, `(actions,)`, int64; None where only
            the order is known.
        name: What to call the data in reports.
        filtering: What was left out of rare users and items; None where nothing was filtered.

    Raises:
        DataError: The arrays do not fit together, or an item number is not within the catalog.

    Example:
        >>> two = Sequences(np.array([7, 8]), np.array(["tea", "cup"]), np.array([0, 1, 3]), np.array([1, 2, 1]))
        >>> two.of(1)
        array([2, 1])
    """

    users: NDArray[Any]
    catalog: NDArray[Any]
    offsets: NDArray[np.int64]
    actions: NDArray[np.int32]
    times: NDArray[np.int64] | None = None
    name: str = "sequences"
    filtering: Filtering | None = None

    def __post_init__(self) -> None:
        offsets, count = self.offsets, len(self.actions)
        if (
            len(offsets) != len(self.users) + 1
            or offsets[0] != 0
            or offsets[-1] != count
            or np.any(np.diff(offsets) < 0)
        ):
            raise DataError(
                f"{self.name}: `offsets` must rise from 0 to {count} in {len(self.users)} steps, one a user"
            )
        wrong = (self.actions < 1) | (self.actions > self.num_items)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise DataError(
                f"{self.name}: an item number lies within 1 and {self.num_items}. Action {at} holds {self.actions[at]}"
            )
        if self.times is None:
            return
        if len(self.times) != count:
            raise DataError(f"{self.name}: `times` must hold one value an action, {count}. Received: {len(self.times)}")
        falls = np.flatnonzero(np.diff(self.times) < 0) + 1
        begins = np.zeros(count + 1, bool)
        begins[offsets] = True
        falls = falls[~begins[falls]]  # another user begins at any time
        if len(falls):
            raise DataError(
                f"{self.name}: a user's times must not fall. Action {falls[0]} is earlier than the one before"
            )

    @property
    def num_users(self) -> int:
        """Number of users."""
        return len(self.users)

    @property
    def num_items(self) -> int:
        """Number of items in the catalog, which is also the largest item number."""
        return len(self.catalog)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of actions of each user, `(users,)`."""
        return np.diff(self.offsets)

    def of(self, user: int) -> NDArray[np.int32]:
        """The item numbers of one user, by row, oldest first."""
        return self.actions[self.offsets[user] : self.offsets[user + 1]]

    def with_items(self, ids: Sequence[int | str]) -> Sequences:
        """The same with more items in the catalog, behind those that there are, which nobody has taken.

        Args:
            ids: Sequence of int or str. Their raw ids.
        """
        more = np.array(list(ids), self.catalog.dtype)
        return self if not len(more) else replace(self, catalog=np.concatenate([self.catalog, more]))

    @cached_property
    def hash(self) -> str:
        """SHA-256 of ids, order and times; the name is no part of it."""
        digest = hashlib.sha256()
        numbers = (self.offsets.astype("<i8"), self.actions.astype("<i4"))
        times = () if self.times is None else (self.times.astype("<i8"),)
        for part in (*_id_bytes(self.users), *_id_bytes(self.catalog), *numbers, *times):
            digest.update(f"{part.dtype.str}{len(part)}:".encode())
            digest.update(np.ascontiguousarray(part).data)
        return digest.hexdigest()


def _id_bytes(ids: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Ids as arrays of bytes from which they can be told: words by their lengths, since a word may hold any sign."""
    if np.issubdtype(ids.dtype, np.integer):
        return (ids.astype("<i8"),)
    words = [str(word).encode() for word in ids]
    return np.array([len(word) for word in words], "<i8"), np.frombuffer(b"".join(words), np.uint8)
