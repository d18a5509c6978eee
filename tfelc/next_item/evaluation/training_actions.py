"""What training saw of the items, for the metrics and the groups of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tfelc.next_item.data.examples import Examples

_SHORT, _MIDDLING = 5, 10
# The items of most actions that hold a third of them, those of fewer that hold the next third, and the others.
_THIRDS = ("popular", "middling", "rare")


@dataclass(frozen=True, eq=False)
class TrainingActions:
    """Who took what in training.

    Attributes:
        counts: How often each item was taken, by item number less 1, `(items,)`.
        takers: Sparse matrix, `(items, training users)`: 1 where a user took an item.
    """

    counts: NDArray[np.int64]
    takers: Any

    @classmethod
    def of(cls, train: Examples, num_items: int) -> Self:
        """Counts all that training examples tell of each user.

        Args:
            train: Examples. The training examples.
            num_items: int. Items of the catalog.
        """
        items, offsets = train.known()
        users = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        pairs = sparse.csr_matrix((np.ones(len(items)), (items - 1, users)), (num_items, len(offsets) - 1))
        pairs.data[:] = 1  # of a repeated pair they would have been added up
        return cls(np.bincount(items, minlength=num_items + 1)[1:], pairs)

    def groups(self, examples: Examples) -> dict[str, NDArray[np.bool_]]:
        """Where an example is of a group; groups of different kinds cut across each other.

        Args:
            examples: Examples. Whole histories, with targets.

        Returns:
            Name -> truth values, `(examples,)`: by the length of the history; and by how popular the target was in
            training, where an item that training has not seen is `new`. Groups without an example are left out.
        """
        lengths = examples.lengths
        of_target = self._thirds()[examples.targets - 1]
        found = {
            "history 1-4": lengths < _SHORT,
            "history 5-9": (lengths >= _SHORT) & (lengths < _MIDDLING),
            "history 10+": lengths >= _MIDDLING,
            **{f"item {name}": of_target == place for place, name in enumerate(_THIRDS)},
            "item new": of_target == len(_THIRDS),
        }
        return {name: inside for name, inside in found.items() if inside.any()}

    def _thirds(self) -> NDArray[np.int64]:
        order = np.argsort(-self.counts, kind="stable")
        before = np.cumsum(self.counts[order]) - self.counts[order]
        thirds = np.empty(len(order), np.int64)
        thirds[order] = np.minimum(before * len(_THIRDS) // max(int(self.counts.sum()), 1), len(_THIRDS) - 1)
        return np.where(self.counts > 0, thirds, len(_THIRDS))
