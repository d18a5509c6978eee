"""The best items by more than a product of two embeddings: several vectors of a user, or what neighbors add."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfelc.next_item.export.inverse_lengths import inverse_lengths
from tfelc.next_item.models.best_products import best_products

Tensor = Any


class HybridIndex:
    """An exact index of any model; of items that score alike the one with the lower number first.

    The whole catalog is scored at once, as `(batch, items)` floats: the indexes of TensorFlow Recommenders know of
    nothing but a product of two vectors.

    Args:
        candidates: The items' vectors, item number 1 first, `(items, dim)`.
        vectors_per_user: Vectors that `embedding` holds of a user, side by side.

    Attributes:
        variables: What a SavedModel must hold.
    """

    def __init__(self, candidates: NDArray[np.float32], vectors_per_user: int = 1) -> None:
        self._vectors_per_user = vectors_per_user
        self._candidates = tf.Variable(candidates.T, trainable=False)
        self._shrink = tf.Variable(inverse_lengths(candidates), trainable=False)
        self.variables: list[Any] = [self._candidates, self._shrink]

    def top(self, outputs: dict[str, Tensor], k: Tensor) -> tuple[Tensor, Tensor]:
        """The best items for each user.

        Args:
            outputs: Of a `SequentialRecommender`: `embedding`, float32, `(batch, any)`, and with neighbors
                `neighbor_scores`, float32, `(batch, items + 1)`.
            k: int32 scalar, from 1 to the number of items.

        Returns:
            Scores, float32, and item numbers, int32, both `(batch, k)`, best first.
        """
        best, places = tf.math.top_k(self.scores(outputs), k)
        return best, places + 1

    def scores(self, outputs: dict[str, Tensor]) -> Tensor:
        """The scores of all items, float32, `(batch, items)`, of what `top` takes."""
        scores = best_products(outputs["embedding"], self._candidates, self._vectors_per_user)
        return scores + outputs["neighbor_scores"][:, 1:] if "neighbor_scores" in outputs else scores

    def cosines(self, places: Tensor) -> Tensor:
        """How like each item is to those at some places, int32, `(batch,)`, from -1 to 1, `(batch, items)`."""
        chosen = tf.gather(self._candidates, places, axis=1) * tf.gather(self._shrink, places)
        return tf.matmul(chosen, self._candidates, transpose_a=True) * self._shrink
