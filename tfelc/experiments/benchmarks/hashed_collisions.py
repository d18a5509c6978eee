"""How many values of a table share all of their rows with another one: counted, and by formula."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfelc.layers.hashed_rows import HASHED_IDS, HashedRows


def shared_by_all(values: Sequence[Any], buckets: int, functions: int) -> float:
    """The share of the values whose embedding is that of another one, too, counted.

    Args:
        values: Different integers or strings.
        buckets: Rows of the table.
        functions: How many of them a value has.

    Example:
        >>> shared_by_all(range(50), buckets=1, functions=1), shared_by_all(range(50), buckets=10**6, functions=2)
        (1.0, 0.0)
    """
    strings = tf.constant([str(value) for value in values])
    if functions == 1:
        # As Keras's layer does, which keeps a bucket for what is missing.
        rows = tf.strings.to_hash_bucket_fast(strings, buckets).numpy()[:, None]
    else:
        ids = tf.strings.to_hash_bucket_fast(strings, HASHED_IDS).numpy()
        table = HashedRows(0, buckets, functions)
        found = np.stack([np.asarray(table.row(ids, function)) for function in range(functions)], axis=1)
        # The rows are summed: their order says nothing.
        rows = np.sort(found, axis=1)
    return float(np.mean(_counts(rows) > 1))


def expected_share(count: int, buckets: int, functions: int) -> float:
    """The same for values that a hash spreads evenly: `1 - (1 - p) ** (count - 1)`.

    Two values have the same rows with a probability `p` of one over the buckets for one function; for `k` about
    `k! / buckets ** k`, and one over `2 ** 29`, the numbers that they are hashed to first.

    Args:
        count: How many values there are.
        buckets: Rows of the table.
        functions: How many of them a value has.

    Example:
        >>> round(expected_share(1_000_000, 1_000_000, 1), 3), round(expected_share(1_000_000, 1_000_000, 2), 5)
        (0.632, 0.00186)
    """
    alike = 1 / buckets if functions == 1 else math.factorial(functions) / buckets**functions + 1 / HASHED_IDS
    return -math.expm1((count - 1) * math.log1p(-min(alike, 1 - 1e-12)))


def _counts(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many values have the rows of each value."""
    _, places, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    return counts[places.reshape(-1)]
