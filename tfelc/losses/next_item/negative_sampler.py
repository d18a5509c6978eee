"""Draws of items that were not chosen."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

Tensor = Any

# Uniform float32 lie on a grid of 2^-23, which is coarse beside an item's chance in a larger catalog: at 1 million
# items draws are off by up to a fifth of it, at 10 million a quarter of them is never drawn.
_COARSE_ITEMS = 100_000
_STEPS = 2**31 - 1


class NegativeSampler:
    """Draws items with replacement, in proportion to `counts ** power`.

    Args:
        counts: Array. How often each item is a target in training, by item number less 1, `(num_items,)`.
        power: float. 0 draws uniformly, 1 by popularity.
        seed: int or None. Seed of the draws. Defaults to None.

    Attributes:
        log_chances: Logarithm of each item's chance, by item number less 1.
        draws: The random state.

    Example:
        >>> sampler = NegativeSampler(counts=np.array([90, 10]), power=1.0, seed=0)
        >>> np.bincount(sampler.draw((1000,)).numpy()).tolist()
        [0, 907, 93]
    """

    def __init__(self, counts: NDArray[np.int64], power: float, seed: int | None = None) -> None:
        # An item that is never a target still is a candidate: it counts as one.
        weights = np.maximum(counts, 1).astype(np.float64) ** power
        chances = weights / weights.sum()
        cumulative = np.cumsum(chances)
        cumulative[-1] = 1.0
        self._is_fine = len(counts) > _COARSE_ITEMS
        values = np.round(cumulative * _STEPS).astype(np.int32) if self._is_fine else cumulative.astype(np.float32)
        self._cumulative = ops.convert_to_tensor(values)
        self.draws = keras.random.SeedGenerator(seed)
        self.log_chances = ops.convert_to_tensor(np.log(chances).astype(np.float32))

    def draw(self, shape: tuple[Any, ...]) -> Tensor:
        """Item numbers from 1, int32 of the shape."""
        if self._is_fine:
            points = keras.random.randint(shape, 0, _STEPS, dtype="int32", seed=self.draws)
        else:
            points = keras.random.uniform(shape, seed=self.draws)
        found = ops.searchsorted(self._cumulative, ops.reshape(points, (-1,)), side="right")
        last = self._cumulative.shape[0] - 1
        return ops.reshape(ops.cast(ops.minimum(found, last), "int32") + 1, shape)
