"""Caser: convolutions over the last items, taken as an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from tfelc.losses.next_item.next_item_loss import NextItemLoss
from tfelc.next_item.models.sequential_recommender import SequentialRecommender

if TYPE_CHECKING:
    from tfelc.next_item.model_settings.caser import CaserSettings

Tensor = Any


class Caser(SequentialRecommender):
    """Filters over the embeddings of the last `L` items, an image of `L` rows.

    A horizontal filter of each height slides over the rows, and the largest of its values counts (union-level
    patterns); a vertical one is a weighted sum of the rows (point-level patterns). A dense layer makes one vector of
    them. A short history's image begins with rows of zeros. Items are scored by a table and a bias of their own.

    Args:
        num_items: int. Items of the catalog.
        max_length: int. Longest history; what is older than the last `L` items is not read.
        settings: CaserSettings. The model's settings.
        loss: NextItemLoss. The loss of the next item.

    Example:
        >>> from tfelc.next_item.model_settings.caser import CaserSettings
        >>> model = CaserSettings(dim=8).create(100, 20, [1] * 100, seed=7)
        >>> tuple(model(ops.convert_to_tensor([[0, 3, 7]]))["embedding"].shape), tuple(model.candidates.shape)
        ((1, 9), (101, 9))

    Source: Tang and Wang (2018), section 3; without the users' own embeddings, which a history does not tell.
    """

    settings: CaserSettings

    def __init__(self, num_items: int, max_length: int, settings: CaserSettings, loss: NextItemLoss) -> None:
        super().__init__(num_items, max_length, settings, loss, name="caser")
        dim, length = settings.dim, settings.markov_order
        # === Layers ===
        self.input_table = keras.layers.Embedding(num_items + 1, dim, name="input_table")
        self.horizontal = [
            keras.layers.Conv1D(settings.horizontal_filters, height, activation="relu", name=f"horizontal_{height}")
            for height in range(1, length + 1)
        ]
        self.vertical = keras.layers.Dense(settings.vertical_filters, use_bias=False, name="vertical")
        self.dense = keras.layers.Dense(dim, activation="relu", name="dense")
        self.dropout = keras.layers.Dropout(settings.dropout, name="dropout")
        self.output_table = keras.layers.Embedding(num_items + 1, dim, name="output_table")
        self.output_bias = keras.layers.Embedding(num_items + 1, 1, embeddings_initializer="zeros", name="output_bias")
        # === Weights ===
        for table in (self.input_table, self.output_table, self.output_bias):
            table.build()
        for filters in self.horizontal:
            filters.build((None, length, dim))
        self.vertical.build((None, dim, length))
        self.dense.build((None, length * settings.horizontal_filters + dim * settings.vertical_filters))
        self.add_parts(dim + 1)

    @property
    def item_embeddings(self) -> Tensor:
        """The items' output embeddings and, last, biases by item number, `(num_items + 1, dim + 1)`."""
        return ops.concatenate([self.output_table.embeddings, self.output_bias.embeddings], axis=1)

    def encode(self, inputs: Tensor, training: bool = False) -> Tensor:
        """What the filters make of each history, and a 1 for the items' biases, `(batch, dim + 1)`."""
        length = self.settings.markov_order
        items = ops.pad(inputs, [[0, 0], [length, 0]])[:, -length:]
        image = self.input_table(items)
        image = image * ops.cast(items != 0, image.dtype)[:, :, None]
        patterns = [ops.max(filters(image), axis=1) for filters in self.horizontal]
        points = ops.transpose(self.vertical(ops.transpose(image, (0, 2, 1))), (0, 2, 1))
        patterns.append(ops.reshape(points, (-1, points.shape[1] * points.shape[2])))
        hidden = self.dense(self.dropout(ops.concatenate(patterns, axis=1), training=training))
        return ops.concatenate([hidden, ops.ones_like(hidden[:, :1])], axis=1)

    def compute_loss(self, items: Tensor, targets: Tensor, positive_views: Tensor | None = None) -> dict[str, Tensor]:
        """The loss of the next item: `next_item`."""
        return {"next_item": self.next_item_loss(self.encode(items, training=True), self.item_embeddings, targets)}
