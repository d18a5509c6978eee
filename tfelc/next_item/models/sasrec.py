"""SASRec: a Transformer over the history."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tfelc.losses.next_item.next_item_loss import NextItemLoss
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.item_attributes import ItemAttributes
from tfelc.next_item.model_settings.transformer import HistoryModelSettings
from tfelc.next_item.models.item_features import set_item_features
from tfelc.next_item.models.sequential_recommender import SequentialRecommender

Tensor = Any


class SASRec(SequentialRecommender):
    """A causal Transformer whose last position is the user (Kang and McAuley, 2018).

    Args:
        num_items: int. Items of the catalog.
        max_length: int. Longest history.
        settings: HistoryModelSettings. The model's settings.
        loss: NextItemLoss. The loss of the next item.
        name: str. The model's name. Defaults to `sasrec`.

    Example:
        >>> from keras import ops
        >>> from tfelc.next_item.model_settings.sasrec import SASRecSettings
        >>> model = SASRecSettings().create(100, 20, [1] * 100, seed=7)
        >>> tuple(model(ops.convert_to_tensor([[0, 3, 7]]))["embedding"].shape), tuple(model.candidates.shape)
        ((1, 64), (101, 64))
    """

    settings: HistoryModelSettings
    # The random state of augmentations, which SASRec never used.
    former_variables: ClassVar[tuple[str, ...]] = ("seed_generator/seed_generator_state",)

    def __init__(
        self, num_items: int, max_length: int, settings: HistoryModelSettings, loss: NextItemLoss, name: str = "sasrec"
    ) -> None:
        super().__init__(num_items, max_length, settings, loss, name)
        self.encoder: Any = settings.encoder.create(num_items, max_length, bool(settings.item_attributes))
        self.add_parts(settings.encoder.dim)

    @property
    def item_embeddings(self) -> Tensor:
        """The items' embeddings by item number, `(num_items + 1, dim)`; row 0 is padding."""
        return self.encoder.candidates

    @property
    def item_rows(self) -> Tensor:
        """The encoder's table."""
        return self.encoder.item_rows

    def encode(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The last position of each history, `(batch, dim)`."""
        return self.encoder(inputs, last_only=True, training=training)

    def compute_loss(self, items: Tensor, targets: Tensor, positive_views: Tensor | None = None) -> dict[str, Tensor]:
        """The loss of the next item: `next_item`."""
        return {"next_item": self.next_item_term(*self.hidden_and_last(items, targets), items, targets)}

    def hidden_and_last(self, items: Tensor, targets: Tensor, all_positions: bool = False) -> tuple[Tensor, Tensor]:
        """All positions of a training batch as far as they are needed, and the last ones.

        Args:
            items: Tensor. Int32, `(batch, length)`.
            targets: Tensor. Int32, `(batch,)` or `(batch, length)`; the latter needs all positions.
            all_positions: bool. Whether they are needed anyway. Defaults to False.

        Returns:
            Tensors of shape `(batch, length, dim)` and `(batch, dim)`; where not all positions are needed, the latter
            twice.
        """
        if len(targets.shape) == 2 or all_positions:
            hidden = self.encoder(items, training=True)
            return hidden, hidden[:, -1]
        last = self.encode(items, training=True)
        return last, last

    def add_item_attributes(self, attributes: ItemAttributes, seen: NDArray[np.bool_], num_trained: int) -> None:
        """Makes the items' features of `model.item_attributes`; see `SequentialRecommender`."""
        set_item_features(self.encoder.item_features, attributes, self.settings.item_attributes, seen)
        self.num_trained = num_trained

    def initialize_weights(self, train: Examples, validation: Examples, seed: int) -> None:
        """Fills the encoder as its settings say, by co-occurrence; then the base's parts."""
        self.settings.encoder.initialize(self.encoder, train, seed)
        super().initialize_weights(train, validation, seed)
