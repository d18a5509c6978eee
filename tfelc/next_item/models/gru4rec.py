"""GRU4Rec: a recurrent network over the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from tfelc.losses.next_item.next_item_loss import NextItemLoss
from tfelc.next_item.models.sequential_recommender import SequentialRecommender

if TYPE_CHECKING:
    from tfelc.next_item.model_settings.gru4rec import GRU4RecSettings

Tensor = Any


class GRU4Rec(SequentialRecommender):
    """The state of gated recurrent units after the last item of a history.

    Items are scored by the embeddings that also enter the network.

    Args:
        num_items: int. Items of the catalog.
        max_length: int. Longest history.
        settings: GRU4RecSettings. The model's settings.
        loss: NextItemLoss. The loss of the next item.

    Example:
        >>> from tfelc.next_item.model_settings.gru4rec import GRU4RecSettings
        >>> model = GRU4RecSettings(dim=8).create(100, 20, [1] * 100, seed=7)
        >>> tuple(model(ops.convert_to_tensor([[0, 3, 7]]))["embedding"].shape), tuple(model.candidates.shape)
        ((1, 8), (101, 8))

    Source: Hidasi et al. (2016), section 3.1; that one table serves as input and output: Hidasi and Karatzoglou (2018),
    section 3.
    """

    settings: GRU4RecSettings

    def __init__(self, num_items: int, max_length: int, settings: GRU4RecSettings, loss: NextItemLoss) -> None:
        super().__init__(num_items, max_length, settings, loss, name="gru4rec")
        dim = settings.dim
        self.item_table = keras.layers.Embedding(num_items + 1, dim, name="item_table")
        self.item_table.build()
        self.dropout = keras.layers.Dropout(settings.dropout, name="dropout")
        # What cuDNN computes could not be served by a CPU.
        self.units = [
            keras.layers.GRU(dim, return_sequences=True, use_cudnn=False, name=f"gru_{number}")
            for number in range(settings.num_layers)
        ]
        for unit in self.units:
            unit.build((None, None, dim))
        self.add_parts(dim)

    @property
    def item_embeddings(self) -> Tensor:
        """The items' embeddings by item number, `(num_items + 1, dim)`; row 0 is padding."""
        return self.item_table.embeddings

    def encode(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The state after the last item of each history, `(batch, dim)`."""
        return self._states(inputs, training)[:, -1]

    def compute_loss(self, items: Tensor, targets: Tensor, positive_views: Tensor | None = None) -> dict[str, Tensor]:
        """The loss of the next item: `next_item`."""
        states = self._states(items, training=True)
        return {"next_item": self.next_item_term(states, states[:, -1], items, targets)}

    def _states(self, items: Tensor, training: bool) -> Tensor:
        """The state after each position, `(batch, length, dim)`; at a pad it means nothing."""
        # The network begins at the first item: pads go behind the items, and the states back to where these were.
        pads = ops.sum(ops.cast(items == 0, "int32"), axis=1, keepdims=True)
        states = self.dropout(self.item_table(_turned(items, pads)), training=training)
        for unit in self.units:
            states = self.dropout(unit(states, training=training), training=training)
        return _turned(states, -pads)


def _turned(rows: Tensor, steps: Tensor) -> Tensor:
    """Each row, `(length, ...)`, moved to the left by its `steps`, `(batch, 1)`; what falls out comes in at the end."""
    batch, length = ops.shape(rows)[0], ops.shape(rows)[1]
    places = (ops.arange(length)[None, :] + steps) % length + length * ops.arange(batch)[:, None]
    return ops.take(ops.reshape(rows, (-1, *rows.shape[2:])), places, axis=0)
