"""How near the items stand to each other in the users' sequences, counted item by item."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tfelc.next_item.data.counted_order import counted_order
from tfelc.next_item.data.examples import Examples

# Pairs of two actions that are counted at a time: memory is that of so many, and of what is kept.
_MOST_PAIRS = 2**24


def nearness(
    examples: Examples, num_items: int, window: int, decay: float, backward: float, num_neighbors: int
) -> sparse.csr_matrix:
    """How near item `j` stands to item `i`: what stood after `i`, and `backward` times as much what stood before it.

    What stood at a distance of `d` steps counts `d^-decay`. Some items are counted at a time, and of each its nearest
    ones are kept: of a large catalog all pairs would not fit into memory.

    Args:
        examples: Examples. What to count.
        num_items: int. Items of the catalog.
        window: int. Largest distance, in steps.
        decay: float. Power by which weight falls with the distance.
        backward: float. Weight of what stood before.
        num_neighbors: int. Neighbors that are kept of each item, the nearest; of equally near ones those of lower
            numbers.

    Returns:
        Sparse matrix, `(num_items + 1, num_items + 1)`, from item to neighbor, by item number, float32.

    Example:
        >>> one = Examples(*map(np.array, ([3, 1, 2], [0], [2], [2], [0])))  # after 3 and 1 a user took 2
        >>> nearness(one, 3, window=2, decay=1.0, backward=0.5, num_neighbors=1).toarray()
        array([[0. , 0. , 0. , 0. ],
               [0. , 0. , 1. , 0. ],
               [0. , 0.5, 0. , 0. ],
               [0. , 1. , 0. , 0. ]], dtype=float32)
    """
    actions, offsets = examples.known()
    user = np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))
    places = counted_order(actions)
    stops = np.cumsum(np.bincount(actions, minlength=num_items + 1))
    parts = []
    for first, last in _blocks(stops, max(1, _MOST_PAIRS // (2 * window))):
        start = stops[first - 1] if first else 0
        of_block = places[start : stops[last - 1]]
        rows = actions[of_block] - first
        shape = (last - first, num_items + 1)
        after, before = (
            _counted(actions, user, of_block, rows, shape, [sign * step for step in range(1, window + 1)], decay)
            for sign in (1, -1)
        )
        parts.append(_nearest((after + backward * before).tocsr(), num_neighbors))
    return sparse.vstack(parts, format="csr")


def _blocks(stops: NDArray[np.int64], most: int) -> Iterator[tuple[int, int]]:
    """Ranges of items, one after another, that were taken so often at most, or are of one item."""
    first = 0
    while first < len(stops):
        done = stops[first - 1] if first else 0
        last = max(int(np.searchsorted(stops, done + most, side="right")), first + 1)
        yield first, last
        first = last


def _counted(
    actions: NDArray[np.int32],
    user: NDArray[np.int32],
    places: NDArray[np.int64],
    rows: NDArray[np.int32],
    shape: tuple[int, int],
    distances: list[int],
    decay: float,
) -> sparse.csr_matrix:
    """Sums what stood at some distances from the actions at some places, by their rows."""
    found = sparse.csr_matrix(shape, dtype=np.float32)
    for distance in distances:
        others = places + distance
        inside = (others >= 0) & (others < len(actions))
        inside[inside] = user[others[inside]] == user[places[inside]]
        weights = np.full(np.count_nonzero(inside), abs(distance) ** -decay, np.float32)
        found += sparse.csr_matrix((weights, (rows[inside], actions[others[inside]])), shape=shape)
    return found


def _nearest(near: sparse.csr_matrix, count: int) -> sparse.csr_matrix:
    """The same with so many entries of each row at most, the largest; of equal ones the first ones."""
    near.sort_indices()
    lengths = np.diff(near.indptr)
    kept = np.ones(near.nnz, bool)
    for row in np.flatnonzero(lengths > count):
        start, stop = near.indptr[row], near.indptr[row + 1]
        values = near.data[start:stop]
        least = np.partition(values, len(values) - count)[len(values) - count]
        above = values > least
        equal = np.flatnonzero(values == least)[: count - np.count_nonzero(above)]
        above[equal] = True
        kept[start:stop] = above
    offsets = np.concatenate([[0], np.cumsum(np.minimum(lengths, count))])
    return sparse.csr_matrix((near.data[kept], near.indices[kept], offsets), shape=near.shape)
