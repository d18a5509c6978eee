"""How many users are ranked, of whom the whole catalog is scored each."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.splits import SequenceSplits

# Scores of one evaluation, but for the fewest users.
_MOST_SCORES = 1_000_000_000
# Fewer would not tell one model from another.
_FEWEST_USERS = 1_000


def most_users(wanted: int | Literal["all", "auto"], num_items: int) -> int | None:
    """Users of a split that are ranked at most; None for all of them.

    Args:
        wanted: What the settings say. `auto` is as many as make 1 billion scores, and 1,000 at least.
        num_items: int. Items of the catalog.

    Example:
        >>> most_users("auto", 100_000), most_users("auto", 10_000_000), most_users("all", 100_000), most_users(50, 10)
        (10000, 1000, None, 50)
    """
    if wanted == "all":
        return None
    return max(_FEWEST_USERS, _MOST_SCORES // num_items) if wanted == "auto" else wanted


def with_most_users(splits: SequenceSplits, most: int | None) -> SequenceSplits:
    """The splits with so many validation and test examples at most, drawn alike in every run on the same sequences.

    Args:
        splits: SequenceSplits. All examples.
        most: What `most_users` gives.
    """
    if most is None:
        return splits
    return replace(splits, validation=_drawn(splits.validation, most), test=_drawn(splits.test, most))


def _drawn(examples: Examples, most: int) -> Examples:
    if len(examples) <= most:
        return examples
    return examples.take(np.sort(np.random.default_rng(0).choice(len(examples), most, replace=False)))
