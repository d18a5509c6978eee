"""BERT4Rec: a Transformer that sees both sides, and learns to tell hidden items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from tfelc.layers.cloze_mask import ClozeMask
from tfelc.losses.next_item.next_item_loss import NextItemLoss
from tfelc.next_item.models.chosen_rows import chosen_rows
from tfelc.next_item.models.sequential_recommender import SequentialRecommender

if TYPE_CHECKING:
    from tfelc.next_item.model_settings.bert4rec import BERT4RecSettings

Tensor = Any


class BERT4Rec(SequentialRecommender):
    """A Transformer without a direction, trained on hidden items, asked for one behind the history.

    Training hides items of a whole sequence, whose targets are the items themselves. A history is answered by the
    output at a hidden item that is put at its end. Outputs are `gelu(W h + b)`, scored by the items' embeddings and a
    bias of each.

    Args:
        num_items: int. Items of the catalog.
        max_length: int. Longest history.
        settings: BERT4RecSettings. The model's settings.
        loss: NextItemLoss. The loss of a hidden item.
        seed: int. Seed of what is hidden. Defaults to 0.

    Example:
        >>> from tfelc.next_item.model_settings.bert4rec import BERT4RecSettings
        >>> model = BERT4RecSettings().create(100, 20, [1] * 100, seed=7)
        >>> tuple(model(ops.convert_to_tensor([[0, 3, 7]]))["embedding"].shape), tuple(model.candidates.shape)
        ((1, 65), (101, 65))

    Source: Sun et al. (2019), section 3.
    """

    settings: BERT4RecSettings

    def __init__(
        self, num_items: int, max_length: int, settings: BERT4RecSettings, loss: NextItemLoss, seed: int = 0
    ) -> None:
        super().__init__(num_items, max_length, settings, loss, name="bert4rec")
        encoder = settings.encoder
        # One longer, for the hidden item behind the history.
        self.encoder: Any = encoder.create(num_items, max_length + 1)
        self.projection = keras.layers.Dense(encoder.dim, activation=_gelu, name="projection")
        self.projection.build((None, encoder.dim))
        self.output_bias = keras.layers.Embedding(num_items + 1, 1, embeddings_initializer="zeros", name="output_bias")
        self.output_bias.build()
        self.cloze = ClozeMask(self.encoder.mask_item, settings.mask, settings.mask_last, seed=seed, name="cloze")
        self.add_parts(encoder.dim + 1)

    @property
    def item_embeddings(self) -> Tensor:
        """The items' embeddings and, last, biases by item number, `(num_items + 1, dim + 1)`; row 0 is padding."""
        return ops.concatenate([self.encoder.candidates, self.output_bias.embeddings], axis=1)

    def encode(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The output at a hidden item behind each history, `(batch, dim + 1)`."""
        asked = ops.pad(inputs, [[0, 0], [0, 1]], constant_values=self.encoder.mask_item)
        return self._outputs(self.encoder(asked, last_only=True, causal=False, training=training))

    def compute_loss(self, items: Tensor, targets: Tensor, positive_views: Tensor | None = None) -> dict[str, Tensor]:
        """The loss of the hidden items: `next_item`."""
        sequence = ops.concatenate([items, targets[:, -1:]], axis=1)
        masked, hidden = self.cloze(sequence)
        outputs = self.encoder(masked, causal=False, training=True)
        # Only what is hidden is projected and scored.
        rows, wanted = chosen_rows(hidden, outputs, sequence)
        return {"next_item": self.next_item_loss(self._outputs(rows), self.item_embeddings, wanted)}

    def _outputs(self, hidden: Tensor) -> Tensor:
        """The projection, and a 1 for the items' biases, `(rows, dim + 1)`."""
        projected = self.projection(hidden)
        return ops.concatenate([projected, ops.ones_like(projected[:, :1])], axis=1)


def _gelu(rows: Tensor) -> Tensor:
    return ops.gelu(rows, approximate=False)
