"""BPR-MF: factors of users and items, whatever the order of a history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from tfelc.losses.next_item.next_item_loss import NextItemLoss
from tfelc.next_item.models.sequential_recommender import SequentialRecommender

if TYPE_CHECKING:
    from tfelc.next_item.model_settings.bpr_mf import BPRMFSettings

Tensor = Any


class BPRMF(SequentialRecommender):
    """Matrix factorization: a user's factors times an item's, learned from pairs of items.

    A user has no row of a table, which could not serve a user that training did not see. A user's factors are made of
    the items: `|H|^-1/2 sum_{i in H} y_i` over the history `H`, with a second table `y`. Where a sample is a whole
    sequence, each of its items is a target by the factors of all others, before or after it; a sample that is a prefix
    has what follows it as its target.

    Args:
        num_items: int. Items of the catalog.
        max_length: int. Longest history.
        settings: BPRMFSettings. The model's settings.
        loss: NextItemLoss. The loss of a target; the source's is `BayesianPersonalizedRanking`.

    Example:
        >>> from tfelc.next_item.model_settings.bpr_mf import BPRMFSettings
        >>> model = BPRMFSettings(dim=8).create(100, 20, [1] * 100, seed=7)
        >>> one, other = (model(ops.convert_to_tensor([items]))["embedding"] for items in ([3, 7], [0, 7, 3]))
        >>> bool(ops.max(ops.abs(one - other)) < 1e-6)
        True

    Source: Rendle et al. (2009), section 4.3.1; users as the sum of what they took: Koren (2008), section 3.2.
    """

    settings: BPRMFSettings

    def __init__(self, num_items: int, max_length: int, settings: BPRMFSettings, loss: NextItemLoss) -> None:
        super().__init__(num_items, max_length, settings, loss, name="bpr_mf")
        normal = keras.initializers.RandomNormal(stddev=settings.initial_deviation)
        self.item_table, self.user_table = (
            keras.layers.Embedding(num_items + 1, settings.dim, embeddings_initializer=normal.clone(), name=name)
            for name in ("item_table", "user_table")
        )
        self.item_table.build()
        self.user_table.build()
        self.add_parts(settings.dim)

    @property
    def item_embeddings(self) -> Tensor:
        """The items' factors by item number, `(num_items + 1, dim)`; row 0 is padding."""
        return self.item_table.embeddings

    def encode(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The factors of each history's user, `(batch, dim)`."""
        vectors, real = self._summands(inputs)
        return ops.sum(vectors, axis=1) / ops.sqrt(ops.maximum(ops.sum(real, axis=1), 1.0))

    def compute_loss(self, items: Tensor, targets: Tensor, positive_views: Tensor | None = None) -> dict[str, Tensor]:
        """The loss of what a user took: `next_item`."""
        if len(targets.shape) == 1:
            return {"next_item": self.next_item_loss(self.encode(items), self.item_embeddings, targets)}
        taken = ops.concatenate([items, targets[:, -1:]], axis=1)
        vectors, real = self._summands(taken)
        others = ops.sum(vectors, axis=1, keepdims=True) - vectors
        count = ops.maximum(ops.sum(real, axis=1, keepdims=True) - 1.0, 1.0)
        users = others / ops.sqrt(count)
        return {"next_item": self.next_item_term(users, users[:, -1], taken, taken)}

    def _summands(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """What each item adds to its user, `(batch, length, dim)`, and 1 where there is one, `(batch, length, 1)`."""
        vectors = self.user_table(items)
        real = ops.cast(items != 0, vectors.dtype)[:, :, None]
        return vectors * real, real
