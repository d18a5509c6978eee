"""What stands near a history's items in other users' sequences, as an addition to a model's scores."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import ops
from scipy import sparse

Tensor = Any

# The share that counts as none. From 1e-6 to 1e-4 it makes no difference (validation users of Sports).
_FLOOR = 1e-4
# A position whose items would weigh less than this share of the last one's is not looked at.
_LEAST_RECENCY = 1e-3


@keras.saving.register_keras_serializable(package="tfelc")
class NeighborScores(keras.layers.Layer):
    """Item-kNN as a term of the score: `weight * log(1 + p(j) / 1e-4)`.

    `p(j)` is the share of item `j` in `sum_a recency^a N[h_a, j]`, with `h_a` the item `a` steps before the last one
    and `N` the nearness of two items, of which each item keeps its `num_neighbors` nearest. Added to the
    log-probabilities of a model this is the logarithmic opinion pool of both, `p_model(j) * (p(j) + 1e-4)^weight`; an
    item that stands near none of the history's adds nothing. Nothing of it is trained.

    Args:
        num_items: int. Items of the catalog; number 0 is padding.
        num_neighbors: int. Neighbors that are kept of each item.
        weight: float. Weight of the term.
        recency: float. Factor by which an item counts less for each step that it is older than the last one.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Int32 tensor of shape `(batch, length)`, padded with 0 on the left.

    Returns:
        Float32 tensor of shape `(batch, num_items + 1)`, by item number; at least 0, and 0 for padding.

    Example:
        >>> layer = NeighborScores(num_items=3, num_neighbors=2, weight=1.0, recency=0.5)
        >>> layer.build((None, None))
        >>> layer.set_neighbors(sparse.csr_matrix([[0, 0, 0, 0], [0, 0, 3, 1], [0, 3, 0, 0], [0, 1, 0, 0]]))
        >>> layer(ops.convert_to_tensor([[0, 0, 1]])).numpy().round(2)
        array([[0.  , 0.  , 8.92, 7.82]], dtype=float32)

    Source: Genest and Zidek (1986) for the pool, `tfelc.next_item.models.item_knn` for the nearness.
    """

    def __init__(self, num_items: int, num_neighbors: int, weight: float, recency: float, **kwargs: Any) -> None:
        """See the class."""
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.num_items = num_items
        self.num_neighbors = num_neighbors
        self.weight = weight
        self.recency = recency
        self._depth = 1 + math.floor(math.log(_LEAST_RECENCY) / math.log(recency)) if recency < 1 else None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the table of neighbors, empty."""
        shape = (self.num_items + 1, self.num_neighbors)
        self.neighbors = self.add_weight(
            shape=shape, initializer="zeros", dtype="int32", trainable=False, name="neighbors"
        )
        self.nearness = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="nearness")

    def set_neighbors(self, nearness: sparse.csr_matrix) -> None:
        """Fills the table with the nearest items of each item; of equally near ones with those of lower numbers.

        Args:
            nearness: Sparse matrix. `(num_items + 1, num_items + 1)`, from item to neighbor, by item number.
        """
        neighbors = np.zeros((self.num_items + 1, self.num_neighbors), np.int32)
        values = np.zeros((self.num_items + 1, self.num_neighbors), np.float32)
        nearness = nearness.tocsr().sorted_indices()
        for item in range(1, self.num_items + 1):
            row = slice(nearness.indptr[item], nearness.indptr[item + 1])
            best = np.argsort(-nearness.data[row], kind="stable")[: self.num_neighbors]
            neighbors[item, : len(best)] = nearness.indices[row][best]
            values[item, : len(best)] = nearness.data[row][best]
        self.neighbors.assign(neighbors)
        self.nearness.assign(values)

    def call(self, inputs: Tensor) -> Tensor:
        """The term for every item of the catalog."""
        recent = inputs if self._depth is None else inputs[:, -self._depth :]
        rows, length = ops.shape(recent)[0], ops.shape(recent)[1]
        steps = ops.cast(length - 1 - ops.arange(length), "float32")
        near = ops.take(self.nearness, recent, axis=0) * ops.power(self.recency, steps)[:, None]
        # Shares are made before they are summed up by item: there are far fewer of them than items.
        share = near / (_FLOOR * ops.maximum(ops.sum(near, axis=(1, 2), keepdims=True), 1e-12))
        width = self.num_items + 1
        # As segments, which TensorFlow sums three times as fast as it scatters, and twice as fast by int32 as by int64;
        # scores beyond its range would take 8 GB, and fail at the reshape.
        place = ops.take(self.neighbors, recent, axis=0) + ops.arange(rows)[:, None, None] * width
        summed = ops.segment_sum(ops.reshape(share, (-1,)), ops.reshape(place, (-1,)), rows * width)
        summed = ops.reshape(summed, (rows, width))
        return self.weight * ops.log1p(summed)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "num_items": self.num_items,
            "num_neighbors": self.num_neighbors,
            "weight": self.weight,
            "recency": self.recency,
        }
