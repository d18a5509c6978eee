"""Sequences by the item numbers of another catalog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tfelc.core.errors import DataError
from tfelc.next_item.data.sequences import Sequences


def in_catalog(sequences: Sequences, catalog: Sequence[int] | Sequence[str]) -> Sequences:
    """Numbers items as a catalog does, and leaves out actions of items that it lacks, and users without any other.

    Ids are compared as words, so that 7 of a table of numbers is `7` of a table of words.

    Args:
        sequences: Sequences. What to number anew.
        catalog: Sequence of int or str. Raw item ids, in the order of their numbers from 1.

    Raises:
        DataError: No item is in the catalog.
    """
    numbers = {str(item): number for number, item in enumerate(catalog, 1)}
    new = np.array([0, *(numbers.get(str(item), 0) for item in sequences.catalog)], np.int32)[sequences.actions]
    known = new > 0
    if not known.any():
        raise DataError(f"{sequences.name}: none of its {sequences.num_items:,} items is in the model's catalog")
    users = np.repeat(np.arange(sequences.num_users), sequences.lengths)[known]
    rows, counts = np.unique(users, return_counts=True)
    return replace(
        sequences,
        users=sequences.users[rows],
        catalog=np.array(catalog, object if isinstance(catalog[0], str) else np.int64),
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        actions=new[known],
        times=None if sequences.times is None else sequences.times[known],
        filtering=None,
    )
