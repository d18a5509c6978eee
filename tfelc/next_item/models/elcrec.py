"""ELCRec for sequences: a Transformer, learnable clusters of its users, and contrast between views."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfelc.layers.learnable_clusters import LearnableClusters
from tfelc.layers.neighbor_scores import NeighborScores
from tfelc.layers.sequence_augmentation import SequenceAugmentation
from tfelc.layers.sequence_encoder import SequenceEncoder
from tfelc.losses.contrastive import intent_contrast, sequence_contrast
from tfelc.losses.l2_normalized import l2_normalized
from tfelc.losses.next_item.next_item_loss import NextItemLoss
from tfelc.next_item.settings import SequenceModelConfig

Tensor = Any


class ELCRec(keras.Model):
    """Predicts the next item; without clusters and views it is SASRec.

    Calling it gives what serving needs, for histories `(batch, length)` of item numbers, padded with 0 on the left:

    - `embedding`: float32, `(batch, dim)`, as it is multiplied with `candidates`;
    - `assignment` and `cluster` of `LearnableClusters`, where there are clusters;
    - `bonus`: float32, `(batch, items + 1)`, what `NeighborScores` adds to the product, where its weight is above 0.

    Args:
        items: int. Items of the catalog.
        max_length: int. Longest history.
        config: Settings; what their variant leaves out is not built.
        next_item: The loss of the next item; only training uses it.
        seed: int. Of the augmentations.

    Source: ELCRec, section 3.4.
    """

    def __init__(
        self, items: int, max_length: int, config: SequenceModelConfig, next_item: NextItemLoss, seed: int = 0
    ) -> None:
        """See the class."""
        super().__init__(name="elcrec")
        config = config.effective()
        self.config = config
        self.next_item = next_item
        encoder = config.encoder
        self.encoder = SequenceEncoder(
            items,
            max_length,
            encoder.dim,
            encoder.layers,
            encoder.heads,
            encoder.dropout,
            encoder.attention_dropout,
            name="encoder",
        )
        self.encoder.build((None, None))
        self.clusters: LearnableClusters | None = None
        if (clusters := config.clusters).count:
            self.clusters = LearnableClusters(
                clusters.count,
                alpha=clusters.alpha,
                objective=clusters.objective,
                temperature=clusters.temperature,
                momentum=clusters.momentum,
                merge=clusters.merge,
                name="clusters",
            )
            self.clusters.build((None, encoder.dim))
        self.neighbors: NeighborScores | None = None
        if (neighbors := config.neighbors).weight:
            self.neighbors = NeighborScores(
                items, neighbors.count, neighbors.weight, neighbors.recency, name="neighbors"
            )
            self.neighbors.build((None, None))
        contrast = config.contrast
        self.augmentation = SequenceAugmentation(
            self.encoder.mask_item, contrast.crop, contrast.mask, contrast.reorder, seed=seed, name="augmentation"
        )
        self.built = True

    @property
    def has_views(self) -> bool:
        """Whether training looks at a second view of each history."""
        return self.config.contrast.has_views

    @property
    def candidates(self) -> Tensor:
        """The items as they are scored, `(items + 1, dim)`; row 0 is padding."""
        return self.next_item.scaled(self.encoder.candidates)

    def call(self, inputs: Tensor, training: bool | None = None) -> dict[str, Tensor]:
        """What serving needs."""
        last, pooled = self._last_and_pooled(inputs)
        outputs = {"embedding": self.next_item.scaled(last)}
        if self.clusters is not None:
            assigned = self.clusters(pooled)
            outputs |= {"assignment": assigned["assignment"], "cluster": assigned["cluster"]}
        if self.neighbors is not None:
            outputs["bonus"] = self.neighbors(inputs)
        return outputs

    def pooled(self, inputs: Tensor) -> Tensor:
        """What is clustered of each history, `(batch, dim)`."""
        return self._last_and_pooled(inputs)[1]

    def _last_and_pooled(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        if self.clusters is None or self.config.clusters.pooling == "last":
            last = self.encoder(inputs, last_only=True)
            return last, last
        hidden = self.encoder(inputs)
        return hidden[:, -1], mean_over_items(hidden, inputs)

    def compute_losses(self, items: Tensor, targets: Tensor, positive_views: Tensor | None = None) -> dict[str, Tensor]:
        """Every term of the loss of one training batch, weighted as it enters the sum (Eq. 7).

        Args:
            items: int32, `(batch, length)`, padded with 0 on the left.
            targets: int32; `(batch,)`, what follows each history, or `(batch, length)`, what follows each position.
            positive_views: int32, `(batch, other length)`: histories of the same targets, for `views: same_target`.

        Returns:
            `next_item`, and as far as they are set `clustering`, `sequence_contrast` and `intent_contrast`.
        """
        every_position = len(targets.shape) == 2
        needs_all = every_position or (self.clusters is not None and self.config.clusters.pooling == "mean")
        hidden = self.encoder(items, last_only=not needs_all, training=True)
        last = hidden[:, -1] if needs_all else hidden
        terms = {}
        if every_position:
            # Pads have no target; they are dropped before the loss, which may cost a whole catalog a row.
            real = ops.nonzero(ops.reshape(items, (-1,)))[0]
            vectors = ops.take(ops.reshape(hidden, (-1, self.encoder.dim)), real, axis=0)
            terms["next_item"] = self.next_item(
                vectors, self.encoder.candidates, ops.take(ops.reshape(targets, (-1,)), real, axis=0)
            )
        else:
            terms["next_item"] = self.next_item(last, self.encoder.candidates, targets)
        pooled = last
        if self.clusters is not None:
            if self.config.clusters.pooling == "mean":
                pooled = mean_over_items(hidden, items)
            self.clusters(pooled, training=True)
            terms["clustering"] = sum(self.clusters.losses)
        if self.has_views:
            terms |= self._contrast(items, targets, last, pooled, positive_views)
        return terms

    def _contrast(
        self, items: Tensor, targets: Tensor, last: Tensor, pooled: Tensor, positive_views: Tensor | None
    ) -> dict[str, Tensor]:
        config = self.config.contrast
        same = None
        if config.views == "augment":
            # Both views in one pass, each encoded once.
            both = ops.concatenate([self.augmentation(items), self.augmentation(items)], axis=0)
            pooled, views = self._view(both)
            first, second = ops.split(views, 2, axis=0)
        else:
            other, second = self._view(items if positive_views is None else positive_views)
            first = self._fused(last[:, None], pooled)
            pooled = ops.concatenate([pooled, other], axis=0)
            if len(targets.shape) == 1:
                same = targets[:, None] == targets[None, :]
        if config.normalize:
            pooled, first, second = l2_normalized(pooled), l2_normalized(first), l2_normalized(second)
        terms = {}
        if config.sequence_weight:
            contrast = sequence_contrast(first, second, config.temperature, same)
            terms["sequence_contrast"] = config.sequence_weight * contrast
        if config.intent_weight and self.clusters is not None:
            centers = l2_normalized(self.clusters.centers)
            active = self.clusters.active if self.clusters.merge else None
            contrast = intent_contrast(pooled, centers, self.clusters(pooled)["cluster"], config.temperature, active)
            terms["intent_contrast"] = config.intent_weight * contrast
        return terms

    def _view(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """What is clustered of a view, `(batch, dim)`, and its vector for the sequence contrast, `(batch, any)`."""
        clustered_last = self.clusters is None or self.config.clusters.pooling == "last"
        if self.config.contrast.pooling == "last" and clustered_last:
            last = self.encoder(items, last_only=True, training=True)
            return last, self._fused(last[:, None], last)
        hidden = self.encoder(items, training=True)
        mean = mean_over_items(hidden, items)
        pooled = hidden[:, -1] if clustered_last else mean
        if self.config.contrast.pooling == "last":
            return pooled, self._fused(hidden[:, -1:], pooled)
        if self.config.contrast.pooling == "mean":
            return pooled, self._fused(mean[:, None], pooled)
        # Concatenated, a pad is a zero: it adds nothing to the dot product of two views.
        real = ops.cast(items != 0, hidden.dtype)[:, :, None]
        return pooled, self._fused(hidden, pooled, real)

    def _fused(self, positions: Tensor, pooled: Tensor, real: Tensor | float = 1.0) -> Tensor:
        """Positions `(batch, length, dim)` with the user's nearest center (Eq. 5), as one row a user."""
        if self.clusters is not None and self.config.contrast.fusion != "none":
            center = self.clusters(pooled)["center"][:, None]
            if self.config.contrast.fusion == "shift":
                positions = positions + center
            else:
                positions = ops.concatenate([positions, ops.broadcast_to(center, ops.shape(positions))], axis=-1)
        positions = positions * real
        return ops.reshape(positions, (ops.shape(positions)[0], -1))


def mean_over_items(hidden: Tensor, items: Tensor) -> Tensor:
    """The mean of `hidden`, `(batch, length, dim)`, over the positions that are no pads; `(batch, dim)`."""
    real = ops.cast(items != 0, hidden.dtype)[:, :, None]
    return ops.sum(hidden * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0)
