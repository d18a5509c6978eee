"""Examples -> padded batches of histories of similar length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfelc.next_item.data.examples import Examples

# Histories are sorted by length within chunks of so many batches: wide enough that a batch pads little, and narrow
# enough that what is trained together changes from epoch to epoch.
_BATCHES_A_CHUNK = 64
# Positive views are cut to so many times the width of the histories they go with.
_POSITIVE_VIEW_WIDTH = 2
# Histories of a block that is only read, not trained on.
_BLOCK = 512


class SequenceBatch(NamedTuple):
    """One batch.

    Attributes:
        items: Histories, padded with 0 on the left to the longest of them, `(batch, length)`, int32.
        targets: What follows each history, `(batch,)`, or each of its positions, `(batch, length)`, int32.
        positive_views: The ends of other histories of the same targets, or what the users had next, latest first,
            `(batch, other length)`, int32; None unless asked for.
    """

    items: NDArray[np.int32]
    targets: NDArray[np.int32]
    positive_views: NDArray[np.int32] | None


class SequenceBatches:
    """Batches of training examples, in an order that depends on the seed and the epoch alone.

    Args:
        examples: Training examples, every prefix of each user's sequence.
        samples: `prefixes`, `windows` or `sequences`; see `tfelc.next_item.settings`.
        max_length: Most recent items of a history that are read.
        batch_size: Samples per batch; the last batch of an epoch may have fewer.
        seed: Of the order.
        positive_view: Adds another history of the `same_target`, or the `future`: what the user had after the
            history, latest first, up to the user's last target; prefixes only. Defaults to None: neither.
    """

    def __init__(
        self,
        examples: Examples,
        samples: Literal["prefixes", "windows", "sequences"],
        max_length: int,
        batch_size: int,
        seed: int,
        positive_view: Literal["same_target", "future"] | None = None,
    ) -> None:
        self.every_position = samples != "prefixes"
        self._examples = _windows(examples, max_length, samples == "sequences") if self.every_position else examples
        self._examples = self._examples.truncated(max_length)
        self._batch_size = batch_size
        self._seed = seed
        self._positive_view = positive_view
        if positive_view == "future":
            self._futures = _futures(examples).truncated(max_length)
        if positive_view == "same_target":
            # Examples in the order of their targets: those of one target lie side by side.
            self._by_target = np.argsort(self._examples.targets, kind="stable")
            self._target_stops = np.cumsum(np.bincount(self._examples.targets))

    def __len__(self) -> int:
        """Batches an epoch."""
        return -(-len(self._examples) // self._batch_size)

    @property
    def histories(self) -> Examples:
        """The samples, as histories of at most `max_length` items."""
        return self._examples

    @property
    def samples(self) -> int:
        """Samples an epoch."""
        return len(self._examples)

    def epoch(self, epoch: int, start_step: int = 0) -> Iterator[SequenceBatch]:
        """The batches of one epoch.

        Args:
            epoch: int. Number of the epoch, from 0.
            start_step: int. The first batch to give; those before it are not made. Defaults to 0.
        """
        random = np.random.default_rng([self._seed, epoch])
        order = random.permutation(len(self._examples))
        lengths = self._examples.lengths
        chunk = _BATCHES_A_CHUNK * self._batch_size
        batches: list[NDArray[np.int64]] = []
        for start in range(0, len(order), chunk):
            part = order[start : start + chunk]
            part = part[np.argsort(lengths[part], kind="stable")]
            batches += [part[at : at + self._batch_size] for at in range(0, len(part), self._batch_size)]
        for step, number in enumerate(random.permutation(len(batches))):
            # Drawn also for the batches that are left out, so that the others come out as ever.
            views = self._views(batches[number], random)
            if step >= start_step:
                yield self._batch(batches[number], views)

    def _batch(self, index: NDArray[np.int64], views: Examples | None) -> SequenceBatch:
        chosen = self._examples.take(index)
        items = padded(chosen)
        positive_views = None
        if views is not None:
            # Their lengths are mixed; as wide as the longest, they would cost several times what the histories do.
            positive_views = padded(views.truncated(_POSITIVE_VIEW_WIDTH * items.shape[1]))
        if not self.every_position:
            return SequenceBatch(items, chosen.targets, positive_views)
        # What follows a position is the next position's item, and at the end the target.
        targets = np.concatenate([items[:, 1:], chosen.targets[:, None]], axis=1)
        return SequenceBatch(items, np.where(items > 0, targets, 0), positive_views)

    def _views(self, index: NDArray[np.int64], random: np.random.Generator) -> Examples | None:
        """The futures; or another example of the same target for each, drawn at random, which may be the same."""
        if self._positive_view == "future":
            return self._futures.take(index)
        if self._positive_view is None:
            return None
        targets = self._examples.targets[index]
        starts, stops = self._target_stops[targets - 1], self._target_stops[targets]
        return self._examples.take(self._by_target[random.integers(starts, stops)])


def padded(examples: Examples) -> NDArray[np.int32]:
    """The histories, padded with 0 on the left to the longest of them, `(examples, length)`, int32."""
    lengths = examples.lengths
    width = int(lengths.max(initial=1))
    places = examples.stops[:, None] - width + np.arange(width)
    inside = places >= examples.starts[:, None]
    return np.where(inside, examples.actions[np.where(inside, places, 0)], 0).astype(np.int32)


def padded_blocks(examples: Examples, max_length: int) -> Iterator[NDArray[np.int32]]:
    """The `max_length` most recent items of all histories, in blocks of a few hundred that `padded` gives."""
    recent = examples.truncated(max_length)
    for start in range(0, len(recent), _BLOCK):
        yield padded(recent.take(slice(start, start + _BLOCK)))


def _futures(examples: Examples) -> Examples:
    """What each user had after each history, latest first, as histories over the actions in reverse."""
    count = len(examples.actions)
    last = np.zeros(int(examples.users.max(initial=-1)) + 1, np.int64)
    np.maximum.at(last, examples.users, examples.stops)
    # A target is the action at its history's stop, so that the last one known ends one further on.
    return Examples(
        examples.actions[::-1],
        count - 1 - last[examples.users],
        count - examples.stops,
        examples.targets,
        examples.users,
    )


def _windows(examples: Examples, max_length: int, last_only: bool) -> Examples:
    """The users' longest histories, cut from their ends into windows; with `last_only` the last window alone."""
    longest = examples.longest()
    if last_only:
        return longest
    counts = -(-longest.lengths // max_length)
    owner = np.repeat(np.arange(len(longest)), counts)
    back = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    windows = longest.take(owner)
    stops = windows.stops - back * max_length
    return Examples(windows.actions, windows.starts, stops, windows.actions[stops], windows.users).truncated(max_length)
