"""Two ways to split sequences into training, validation and test."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import DataError, UsageError
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.sequences import Sequences

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class SequenceSplits:
    """Examples by split.

    Histories are whole: a model shortens them by `Examples.truncated`, but what a user has seen is the whole history.

    Attributes:
        train: Examples to learn from.
        validation: Examples to choose settings and epochs by.
        test: Examples to report, read once.
    """

    train: Examples
    validation: Examples
    test: Examples


def leave_one_out(sequences: Sequences, needed: Collection[str] = SPLITS) -> SequenceSplits:
    """The protocol of the paper: a user's last item is for test and the one before it for validation.

    Training examples are all the prefixes whose next item lies before those two; the history of a test example includes
    the validation item. An example needs a history of at least one item, and test goes first: a user with one item
    gives nothing, one with two a test example, one with three also a validation example, and from four on there is
    something to train on.

    Args:
        sequences: The users' sequences.
        needed: Splits that may not be empty. Defaults to all three.

    Raises:
        DataError: A split that is needed has no example.
    """
    return _splits(sequences, needed, sequences.lengths - 2, sequences.lengths - 2, sequences.lengths - 1)


def global_time(
    sequences: Sequences, validation: float = 0.1, test: float = 0.1, needed: Collection[str] = SPLITS
) -> SequenceSplits:
    """A protocol without a look into the future: two moments, the same for all users, part the splits.

    Leave-one-out trains on actions that happen after other users' test items. Here every training target lies before
    the first moment. A user's validation example is the first action between the two moments, and the test example the
    first from the second moment on, in both cases the first that has a history; the history is everything before it.
    One example a user, so that a few busy users do not decide.

    Args:
        sequences: The users' sequences, with times.
        validation: Share of all actions between the two moments. Defaults to 0.1.
        test: Share of all actions from the second moment on. Defaults to 0.1.
        needed: Splits that may not be empty. Defaults to all three.

    Raises:
        UsageError: A share is not positive, or nothing is left to train on.
        DataError: There are no times, or a split that is needed has no example.
    """
    if validation <= 0 or test <= 0 or validation + test >= 1:
        raise UsageError(f"shares must be positive and leave some to train on. Received: {validation:g} and {test:g}")
    if sequences.times is None:
        raise DataError(
            f"{sequences.name}: a split by time needs times; use leave_one_out, or a table with a time column"
        )
    ordered = np.sort(sequences.times)
    shares = np.array([1 - validation - test, 1 - test])
    first, second = ordered[np.minimum(np.round(shares * len(ordered)).astype(np.int64), len(ordered) - 1)]
    # Times never fall within a user, so that what lies before a moment is a number of actions.
    before_first, before_second = (
        np.diff(np.concatenate([[0], np.cumsum(sequences.times < moment)])[sequences.offsets])
        for moment in (first, second)
    )
    validation_places, test_places = np.maximum(before_first, 1), np.maximum(before_second, 1)
    # A place at or after the end of its window means that the user has no example there.
    validation_places[validation_places >= before_second] = 0
    test_places[test_places >= sequences.lengths] = 0
    return _splits(sequences, needed, before_first, validation_places, test_places)


def _splits(
    sequences: Sequences,
    needed: Collection[str],
    train_stops: NDArray[np.int64],
    validation_places: NDArray[np.int64],
    test_places: NDArray[np.int64],
) -> SequenceSplits:
    """Makes the examples from places within each user; a held-out place below 1 has no history and is left out."""
    counts = np.maximum(train_stops - 1, 0)
    users = np.repeat(np.arange(sequences.num_users), counts)
    places = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    splits = {"train": _examples(sequences, users, places)}
    for name, chosen in (("validation", validation_places), ("test", test_places)):
        users = np.flatnonzero(chosen >= 1)
        splits[name] = _examples(sequences, users, chosen[users])
    for name, examples in splits.items():
        if name in needed and not len(examples):
            raise DataError(f"{sequences.name}: no user has enough items for a {name} example; use longer sequences")
    return SequenceSplits(**splits)


def _examples(sequences: Sequences, users: NDArray[np.int64], places: NDArray[np.int64]) -> Examples:
    starts = sequences.offsets[users]
    stops = starts + places
    return Examples(sequences.actions, starts, stops, sequences.actions[stops], users)
