"""The baseline that knows no users: what is popular."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from tfelc.next_item.data.examples import Examples


class Popularity:
    """Scores an item by how often it occurs, whoever asks.

    Args:
        num_items: int. Items of the catalog.

    Example:
        >>> one = Examples(*map(np.array, ([1, 2, 2], [0], [2], [2], [0])))  # after 1 and 2 a user took 2 again
        >>> Popularity(num_items=3).fit(one).scores(one).tolist()
        [[-inf, 1.0, 2.0, 0.0]]
    """

    def __init__(self, num_items: int) -> None:
        self.num_items = num_items
        self._row = np.zeros(num_items + 1, np.float32)

    def fit(self, examples: Examples) -> Self:
        """Counts each user's longest history and its target.

        Args:
            examples: Examples. What to learn from.

        Returns:
            Itself.
        """
        actions, _ = examples.known()
        self._row = np.bincount(actions, minlength=self.num_items + 1).astype(np.float32)
        self._row[0] = -np.inf
        return self

    def scores(self, examples: Examples) -> NDArray[np.float32]:
        """Occurrences by item number, `(examples, items + 1)`; column 0, which belongs to padding, is `-inf`."""
        return np.tile(self._row, (len(examples), 1))
