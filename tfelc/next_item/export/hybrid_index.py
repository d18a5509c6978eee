"""The best items by the product of two embeddings and what their neighbors add to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Tensor = Any


class HybridIndex:
    """An exact index of a model with `NeighborScores`; of items that score alike the one with the lower number first.

    The whole catalog is scored at once, as `(batch, items)` floats: the indexes of TensorFlow Recommenders know of
    nothing but a product.

    Args:
        candidates: The items' vectors, item number 1 first, `(items, dim)`.

    Attributes:
        variables: What a SavedModel must hold.
    """

    def __init__(self, candidates: NDArray[np.float32]) -> None:
        self._candidates = tf.Variable(candidates, trainable=False)
        self.variables: list[Any] = [self._candidates]

    def top(self, outputs: dict[str, Tensor], k: Tensor) -> tuple[Tensor, Tensor]:
        """The best items for each user.

        Args:
            outputs: Of `ELCRec`, among them `embedding`, float32, `(batch, dim)`, and `bonus`, float32,
                `(batch, items + 1)`.
            k: int32 scalar, from 1 to the number of items.

        Returns:
            Scores, float32, and item numbers, int32, both `(batch, k)`, best first.
        """
        scores = tf.matmul(outputs["embedding"], self._candidates, transpose_b=True) + outputs["neighbor_scores"][:, 1:]
        best, places = tf.math.top_k(scores, k)
        return best, places + 1
