"""The rows of a value that has several, by as many hash functions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from keras import ops

Tensor = Any

# Ids of the values of one such table, and how many tables fit into the ids of one width, which are int32.
HASHED_IDS = 2**29
MOST_HASHED = 3
# The finalizer of MurmurHash3 (Appleby, public domain), each function beginning at another number.
_SEEDS = (0x00000000, 0x9E3779B9, 0x3C6EF372, 0xDAA66D2B)
_STEPS = ((16, 0x85EBCA6B), (13, 0xC2B2AE35))


class HashedRows(NamedTuple):
    """Where the rows of a table with several hash functions lie in a fused table.

    Attributes:
        first: The row of a missing value; those of the buckets follow.
        buckets: How many there are.
        functions: How many of them a value has.

    Example:
        >>> [int(HashedRows(first=10, buckets=100, functions=2).row(np.array(7), each)) for each in range(2)]
        [71, 88]
    """

    first: int
    buckets: int
    functions: int

    def row(self, ids: Tensor, function: int) -> Tensor:
        """The row that one of the functions gives each value.

        Args:
            ids: Integer tensor of any shape, in `[0, HASHED_IDS)`.
            function: Which function, from 0.

        Returns:
            int32 tensor of the same shape.
        """
        mixed = ops.bitwise_xor(ops.cast(ids, "uint32"), _constant(_SEEDS[function]))
        for shift, factor in _STEPS:
            mixed = ops.bitwise_xor(mixed, ops.bitwise_right_shift(mixed, _constant(shift)))
            mixed = ops.multiply(mixed, _constant(factor))
        mixed = ops.bitwise_xor(mixed, ops.bitwise_right_shift(mixed, _constant(16)))
        bucket = ops.mod(mixed, _constant(self.buckets))
        return ops.cast(bucket, "int32") + (self.first + 1)


def _constant(value: int) -> Tensor:
    return ops.convert_to_tensor(np.uint32(value), "uint32")
