"""Simulated sequences with known intents: small, quick, and easy for a model that minds the order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import UsageError
from tfelc.next_item.data.sequences import Sequences

_ITEMS_AN_INTENT = 25
_SHORTEST, _LONGEST = 8, 40
_STOP = 0.15  # chance of an end at each step after the shortest
_TWO_INTENTS = 0.5  # share of users
_SWITCH = 0.1  # chance a step of a turn to the other intent
_SUCCESSOR = 0.7  # chance of the item that follows in the intent's circle
_YEAR, _HOUR = 31_536_000, 3_600  # seconds


@dataclass(frozen=True, eq=False)
class SimulatedSequences:
    """Sequences, and what made them.

    Attributes:
        sequences: The users' items, with times in seconds.
        intents: The intents of each user, `(users, 2)`, int64; twice the same for a user with one.
        item_intents: The intent that each item belongs to, by item number, `(items + 1,)`, int64; -1 for padding.
    """

    sequences: Sequences
    intents: NDArray[np.int64]
    item_intents: NDArray[np.int64]


def simulate(users: int = 2_000, items: int = 500, seed: int = 0) -> SimulatedSequences:
    """Simulates users who follow one or two intents.

    An intent is a circle of about 25 items. A step goes to the next item of the circle (0.7), or anywhere in it; a user
    with two intents sometimes turns to the other one. What a user had before is left out, as in the public data. So the
    last items say most about the next one, popularity says little, and the clusters of users are known.

    Args:
        users: Number of users. Defaults to 2,000.
        items: Number of items, at least 10. Defaults to 500.
        seed: Seed of everything; equal arguments give equal sequences.

    Raises:
        UsageError: There are too few users or items.
    """
    if users < 1 or items < 10:
        raise UsageError(f"a simulation needs at least 1 user and 10 items. Received: {users} users and {items} items")
    rng = np.random.default_rng(seed)
    count = max(2, items // _ITEMS_AN_INTENT)
    circles = rng.permutation(items) + 1
    firsts = np.linspace(0, items, count + 1).astype(np.int64)
    item_intents = np.full(items + 1, -1)
    item_intents[circles] = np.repeat(np.arange(count), np.diff(firsts))

    intents = rng.integers(count, size=(users, 2))
    one = rng.random(users) >= _TWO_INTENTS
    intents[one, 1] = intents[one, 0]
    lengths = np.minimum(_SHORTEST + rng.geometric(_STOP, users) - 1, _LONGEST)
    walks = _walks(rng, intents, firsts)
    user, step = np.nonzero(np.arange(_LONGEST) < lengths[:, None])
    item = circles[walks[user, step]]
    # Ordered by user and then by step, so that the first place of a pair is its earliest step.
    kept = np.sort(np.unique(user * (items + 1) + item, return_index=True)[1])
    user, step, item = user[kept], step[kept], item[kept]
    gaps = rng.exponential(24 * _HOUR, size=(users, _LONGEST)).cumsum(axis=1)
    times = (rng.integers(_YEAR, size=users)[:, None] + gaps).astype(np.int64)
    sequences = Sequences(
        users=np.arange(1, users + 1),
        catalog=np.arange(1, items + 1),
        offsets=np.concatenate([[0], np.cumsum(np.bincount(user, minlength=users))]),
        actions=item.astype(np.int32),
        times=times[user, step],
        name="simulated",
    )
    return SimulatedSequences(sequences, intents, item_intents)


def _walks(rng: np.random.Generator, intents: NDArray[np.int64], firsts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places in the circles at every step, `(users, steps)`."""
    users = len(intents)
    rows = np.arange(users)
    which = np.zeros(users, np.int64)
    place = np.zeros(users, np.int64)
    walks = np.empty((users, _LONGEST), np.int64)
    for step in range(_LONGEST):
        turned = rng.random(users) < _SWITCH
        which = np.where(turned, 1 - which, which)
        intent = intents[rows, which]
        sizes = firsts[intent + 1] - firsts[intent]
        # The square makes some items of a circle more popular than others.
        anywhere = (rng.random(users) ** 2 * sizes).astype(np.int64)
        follows = (rng.random(users) < _SUCCESSOR) & ~turned & (step > 0)
        place = np.where(follows, (place + 1) % sizes, anywhere)
        walks[:, step] = firsts[intent] + place
    return walks
