"""Which items stand near each other in the users' sequences, and item embeddings made of that."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.some_users import some_users

# The embeddings of a catalog are best with near pairs alone, and with a context's popularity taken down to this power
# (Levy, Goldberg and Dagan, 2015).
_WINDOW, _DECAY, _CONTEXT_POWER = 5, 0.5, 0.75
# Of more actions the embeddings are made of those of so many users, drawn: the decomposition takes as long as there are
# pairs, and what it gives is only where training begins.
_MOST_ACTIONS = 5_000_000
# Power iterations of the decomposition, and those of a catalog of more than so many items, where each takes minutes.
_ITERATIONS, _FEW_ITERATIONS, _MANY_ITEMS = 4, 2, 100_000


def co_occurrences(
    actions: NDArray[np.int32], offsets: NDArray[np.int64], num_items: int, window: int, decay: float
) -> sparse.csr_matrix:
    """Sums `d^-decay` over all occurrences of item `j` at `d <= window` steps after item `i`.

    Args:
        actions: Array. Item numbers of one user after another, as `Examples.known` gives them, `(items,)`.
        offsets: Array. Where each user begins and the last one ends, `(users + 1,)`.
        num_items: int. Items of the catalog.
        window: int. Largest distance, in steps.
        decay: float. Power by which weight falls with the distance.

    Returns:
        Sparse matrix, `(num_items + 1, num_items + 1)`, by item number, float32.

    Example:
        >>> actions, offsets = np.array([1, 2, 3, 1, 2], np.int32), np.array([0, 3, 5])
        >>> co_occurrences(actions, offsets, num_items=3, window=2, decay=1.0).toarray()
        array([[0. , 0. , 0. , 0. ],
               [0. , 0. , 2. , 0.5],
               [0. , 0. , 0. , 1. ],
               [0. , 0. , 0. , 0. ]], dtype=float32)
    """
    user = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    shape = (num_items + 1, num_items + 1)
    after = sparse.csr_matrix(shape, dtype=np.float32)
    for distance in range(1, min(window, len(actions) - 1) + 1):
        pair = user[distance:] == user[:-distance]
        weights = np.full(np.count_nonzero(pair), distance**-decay, np.float32)
        after += sparse.csr_matrix((weights, (actions[:-distance][pair], actions[distance:][pair])), shape=shape)
    return after


def co_occurrence_embeddings(examples: Examples, num_items: int, dim: int, seed: int) -> NDArray[np.float32]:
    """Embeddings whose dot products resemble the items' pointwise mutual information, where it is positive.

    Of more than 5 million actions they are made of so many, those of users that are drawn.

    `U sqrt(S)` of a truncated SVD of `max(0, log(n_ij n / (n_i n'_j)))`, with `n'_j` the context counts, flattened, and
    the matrix made symmetric. An item that stands near no other has zeros.

    Args:
        examples: Examples. The training examples.
        num_items: int. Items of the catalog.
        dim: int. Width of an embedding.
        seed: int. Seed of the randomized SVD.

    Returns:
        Array, `(num_items + 1, dim)`, by item number, with a root mean square of the rows' lengths of 1.

    Source: Levy and Goldberg (2014), for items in place of words.
    """
    # Imported here: it loads slowly, and only training needs it.
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits

    after = co_occurrences(*some_users(examples, _MOST_ACTIONS).known(), num_items, _WINDOW, _DECAY)
    pairs = (after + after.T).tocoo()
    # An item says nothing about itself.
    kept = pairs.row != pairs.col
    row, column, count = pairs.row[kept], pairs.col[kept], pairs.data[kept].astype(np.float64)
    of_item = np.bincount(row, count, minlength=num_items + 1)
    context = of_item**_CONTEXT_POWER
    context *= of_item.sum() / max(context.sum(), 1.0)
    information = np.maximum(np.log(count * of_item.sum() / (of_item[row] * context[column])), 0.0)
    matrix = sparse.csr_matrix((information.astype(np.float32), (row, column)), shape=pairs.shape)
    found = np.zeros((num_items + 1, dim), np.float32)
    width = min(dim, num_items)
    iterations = _ITERATIONS if num_items <= _MANY_ITEMS else _FEW_ITERATIONS
    # One thread: the order of sums, and so the last bits, would else depend on the machine's load.
    with threadpool_limits(limits=1):
        left, values, _ = randomized_svd((matrix + matrix.T) / 2, width, n_iter=iterations, random_state=seed)
    found[:, :width] = left * np.sqrt(values)
    length = np.sqrt(np.mean(np.sum(found[1:] ** 2, axis=1)))
    return found / length if length > 0 else found
