"""The declaration of a metric of what is recommended, whether or not it is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.metrics.metric import Metric


@dataclass(frozen=True, eq=False)
class Recommended:
    """The best items of each user, and what training saw of the items.

    Attributes:
        items: Item numbers from 1, best first, 0 where fewer are left, `(users, k)`.
        counts: How often each item was taken in training, by item number less 1, `(items,)`.
        taken: The item that each user took next, by number from 1, `(users,)`.
        takers: Sparse matrix, `(items, training users)`: 1 where a user took an item, by item number less 1.
    """

    items: NDArray[np.int32]
    counts: NDArray[np.int64]
    taken: NDArray[np.int32]
    takers: Any


@dataclass(frozen=True)
class ListMetric(Metric):
    """A metric of the best items of all users together.

    Args:
        name: str. See `Metric`; `<what>@<k>`, such as `coverage@20`.
        heading: str. See `Metric`.
        better: See `Metric`.
        k: int. How many of each user's items it looks at.
        function: Callable. Called with `Recommended`, of which `items` has at most `k` columns.
    """

    k: int
    function: Callable[[Recommended], float]

    def value(self, recommended: Recommended) -> float:
        """The metric of what is recommended to some users; NaN where it is not defined."""
        cut = Recommended(recommended.items[:, : self.k], recommended.counts, recommended.taken, recommended.takers)
        return float(self.function(cut))
