"""The baseline that learns nothing: what came close to the user's items in other users' sequences."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tfelc.next_item.data.examples import Examples
from tfelc.next_item.models.nearness import nearness

_REMEMBERED = 50  # items of a history, the paper's length; older ones weigh next to nothing
# Neighbors that are kept of each item: so many at most, as few as make so many of all items, and so many at least.
_MOST, _ALL, _LEAST = 10_000, 200_000_000, 200
_TIE = 1e-6  # of the most popular item: orders by popularity what no item of the history speaks for


class ItemKnn:
    """Sums, over the items of a history, how often each item of the catalog stood near them.

    `score(j) = sum_a recency^a * W[h_a, j]`, with `h_a` the item `a` steps before the last one. `W[i, j]` adds up
    `d^-decay` over all occurrences of `j` at `d <= window` steps after `i`, and `backward` times as much over those of
    `j` before `i`. With `backward` 0 these are the sequential rules of Ludewig and Jannach (2018), with 1 plain
    co-occurrence. Of each item its nearest ones are kept: 10,000, and of more than 20,000 items 200 million in all, 200
    at least of each. Popularity orders what has no other score.

    Args:
        num_items: int. Items of the catalog.
        window: int. Largest distance, in steps. Defaults to 20.
        decay: float. Power by which weight falls with the distance. Defaults to 0.5.
        recency: float. Factor by which an item counts less for each step that it is older. Defaults to 0.6.
        backward: float. Weight of what stood before. Defaults to 0.5.

    Example:
        >>> one = Examples(*map(np.array, ([3, 1, 2], [0], [2], [2], [0])))  # after 3 and 1 a user took 2
        >>> ItemKnn(num_items=3).fit(one).scores(one)[0].argsort()[::-1].tolist()
        [2, 1, 3, 0]
    """

    def __init__(
        self, num_items: int, window: int = 20, decay: float = 0.5, recency: float = 0.6, backward: float = 0.5
    ) -> None:
        self.num_items = num_items
        self.window = window
        self.decay = decay
        self.recency = recency
        self.backward = backward

    def fit(self, examples: Examples) -> Self:
        """Counts pairs within each user's longest history and its target.

        Args:
            examples: Examples. What to learn from.

        Returns:
            Itself.
        """
        self._near = nearness(examples, self.num_items, self.window, self.decay, self.backward, self._kept)
        actions, _ = examples.known()
        popularity = np.bincount(actions, minlength=self.num_items + 1)
        self._tie = (_TIE * popularity / popularity.max()).astype(np.float32)
        return self

    @property
    def _kept(self) -> int:
        return int(np.clip(_ALL // self.num_items, _LEAST, _MOST))

    def scores(self, examples: Examples) -> NDArray[np.float32]:
        """Scores by item number, `(examples, items + 1)`; column 0, which belongs to padding, is `-inf`."""
        recent = examples.truncated(_REMEMBERED)
        rows, places = recent.entries()
        weights = (self.recency ** (recent.stops[rows] - 1 - places)).astype(np.float32)
        shape = (len(examples), self.num_items + 1)
        history = sparse.csr_matrix((weights, (rows, recent.actions[places])), shape=shape)
        scores: NDArray[np.float32] = (history @ self._near).toarray()
        scores += self._tie
        scores[:, 0] = -np.inf
        return scores
