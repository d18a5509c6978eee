"""The baseline in closed form: a linear model of each item by all others (EASE^R)."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tfelc.core.errors import DataError
from tfelc.next_item.data.examples import Examples

# Rows that are mirrored at a time.
_BLOCK = 1024


class Ease:
    """Scores an item by the sum of its weights from the items of a history, whatever their order.

    With the 0 and 1 of which user had which item, `X`, and `P = (X^T X + regularization I)^-1`, the weights are
    `B_ij = -P_ij / P_jj` and `B_jj = 0`: the `B` without a diagonal that makes `|X - X B|^2 + regularization |B|^2`
    least. Memory is that of a float32 matrix of items times items, and of half of it again.

    Args:
        num_items: int. Items of the catalog.
        regularization: float. Weight of the squared weights, above 0. Defaults to 100.

    Example:
        >>> two = Examples(*map(np.array, ([1, 2, 1, 2], [0, 2], [1, 3], [2, 2], [0, 1])))  # twice 1, then 2
        >>> Ease(num_items=3, regularization=2.0).fit(two).scores(two).tolist()
        [[-inf, 0.0, 0.5, 0.0], [-inf, 0.0, 0.5, 0.0]]

    Source: Steck (2019), section 3.
    """

    def __init__(self, num_items: int, regularization: float = 100.0) -> None:
        if regularization <= 0:
            raise ValueError(f"`regularization` must be above 0. Received: regularization={regularization}")
        self.num_items = num_items
        self.regularization = regularization

    def fit(self, examples: Examples) -> Self:
        """Solves for the weights by each user's longest history and its target.

        Args:
            examples: Examples. What to learn from.

        Returns:
            Itself.

        Raises:
            DataError: The catalog is too large for the memory, or the regularization too small for float32.
        """
        try:
            self._weights = self._solved(*examples.known())
        except MemoryError:
            raise DataError(
                f"EASE needs a matrix of {self.num_items:,} by {self.num_items:,} items, and memory is too small for "
                "it; leave it out, or keep fewer items by split.min_item_users"
            ) from None
        return self

    def scores(self, examples: Examples) -> NDArray[np.float32]:
        """Scores by item number, `(examples, items + 1)`; column 0, which belongs to padding, is `-inf`."""
        rows, places = examples.entries()
        had = _marks(rows, examples.actions[places], (len(examples), self.num_items + 1))[:, 1:]
        scores = np.empty((len(examples), self.num_items + 1), np.float32)
        scores[:, 0] = -np.inf
        scores[:, 1:] = had @ self._weights
        return scores

    def _solved(self, actions: NDArray[np.int32], offsets: NDArray[np.int64]) -> NDArray[np.float32]:
        # Imported here: it loads slowly, and only this needs it.
        from scipy.linalg.lapack import spotrf, spotri

        user = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        had = _marks(user, actions, (len(offsets) - 1, self.num_items + 1))[:, 1:]
        # In Fortran's order LAPACK works in place.
        matrix = (had.T @ had).toarray(order="F")
        places = np.arange(self.num_items)
        matrix[places, places] += self.regularization
        factor, fault = spotrf(matrix, lower=1, clean=0, overwrite_a=1)
        if fault:
            raise DataError(f"EASE has no solution in float32 at a regularization of {self.regularization:g}; raise it")
        inverse, _ = spotri(factor, lower=1, overwrite_c=1)
        for start in range(0, self.num_items, _BLOCK):
            stop = start + _BLOCK
            inverse[start:stop, stop:] = inverse[stop:, start:stop].T
            corner = np.tril(inverse[start:stop, start:stop], -1)
            inverse[start:stop, start:stop] = np.tril(inverse[start:stop, start:stop]) + corner.T
        # Symmetric, and so its own transpose, whose order is C's: SciPy would copy another one for each product.
        weights: NDArray[np.float32] = inverse.T
        weights /= -weights.diagonal().copy()
        weights[places, places] = 0.0
        return weights


def _marks(rows: NDArray[np.int64], items: NDArray[np.int32], shape: tuple[int, int]) -> sparse.csr_matrix:
    """1 where a row has an item, however often."""
    found = sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, items)), shape=shape)
    found.data[:] = 1.0
    return found
