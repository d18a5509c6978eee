"""ELCRec for sequences: SASRec with learnable clusters of its users, and contrast between views."""

from __future__ import annotations

from typing import Any, ClassVar

from keras import ops

from tfelc.layers.sequence_augmentation import SequenceAugmentation
from tfelc.losses.contrastive import intent_contrast, sequence_contrast
from tfelc.losses.l2_normalized import l2_normalized
from tfelc.losses.next_item.next_item_loss import NextItemLoss
from tfelc.next_item.model_settings.elcrec import ELCRecSettings
from tfelc.next_item.models.sasrec import SASRec
from tfelc.next_item.models.sequential_recommender import mean_over_items

Tensor = Any


class ELCRec(SASRec):
    """SASRec whose users are clustered by their intents, with a contrast between views of a history (Eq. 7).

    Args:
        num_items: int. Items of the catalog.
        max_length: int. Longest history.
        settings: ELCRecSettings. The model's settings.
        loss: NextItemLoss. The loss of the next item.
        seed: int. Seed of the augmentations. Defaults to 0.

    Example:
        >>> clusters, contrast = {"num_clusters": 3}, {"sequence_weight": 0.1, "intent_weight": 0.1}
        >>> settings = ELCRecSettings(clusters=clusters, contrast=contrast)
        >>> model = settings.create(100, 20, [1] * 100, seed=7)
        >>> items, targets = ops.convert_to_tensor([[0, 3, 7], [4, 2, 9]]), ops.convert_to_tensor([5, 8])
        >>> list(model.compute_loss(items, targets))
        ['next_item', 'clustering', 'sequence_contrast', 'intent_contrast']
        >>> sorted(model(items))
        ['assignment', 'cluster', 'embedding']

    Source: ELCRec, section 3.4.
    """

    settings: ELCRecSettings
    former_variables: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, num_items: int, max_length: int, settings: ELCRecSettings, loss: NextItemLoss, seed: int = 0
    ) -> None:
        super().__init__(num_items, max_length, settings, loss, name="elcrec")
        contrast = settings.contrast
        self.augmentation = SequenceAugmentation(
            self.encoder.mask_item, contrast.crop, contrast.mask, contrast.reorder, seed=seed, name="augmentation"
        )
        self._pools_mean = self.clusters is not None and settings.clusters.pooling == "mean"

    @property
    def uses_positive_views(self) -> bool:
        """Whether the views are other histories of the same target."""
        return self.settings.contrast.has_positive_views

    def encode_and_pool(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """The last position, and what is clustered: it, or the mean over the items."""
        if not self._pools_mean:
            return super().encode_and_pool(inputs)
        hidden = self.encoder(inputs)
        return hidden[:, -1], mean_over_items(hidden, inputs)

    def compute_loss(self, items: Tensor, targets: Tensor, positive_views: Tensor | None = None) -> dict[str, Tensor]:
        """The terms `next_item`, and as far as they are set `clustering`, `sequence_contrast` and `intent_contrast`."""
        hidden, last = self.hidden_and_last(items, targets, all_positions=self._pools_mean)
        terms = {"next_item": self.next_item_term(hidden, last, items, targets)}
        pooled = last
        if self.clusters is not None:
            if self._pools_mean:
                pooled = mean_over_items(hidden, items)
            self.clusters(pooled, training=True)
            terms["clustering"] = sum(self.clusters.losses)
        if self.settings.contrast.has_views:
            terms |= self._contrast(items, targets, last, pooled, positive_views)
        return terms

    def _contrast(
        self, items: Tensor, targets: Tensor, last: Tensor, pooled: Tensor, positive_views: Tensor | None
    ) -> dict[str, Tensor]:
        contrast = self.settings.contrast
        same = None
        if contrast.views == "augment":
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
        if contrast.normalize:
            pooled, first, second = l2_normalized(pooled), l2_normalized(first), l2_normalized(second)
        terms = {}
        if contrast.sequence_weight:
            term = sequence_contrast(first, second, contrast.temperature, same)
            terms["sequence_contrast"] = contrast.sequence_weight * term
        if contrast.intent_weight and self.clusters is not None:
            centers = l2_normalized(self.clusters.centers)
            active = self.clusters.active if self.clusters.merge else None
            term = intent_contrast(pooled, centers, self.clusters(pooled)["cluster"], contrast.temperature, active)
            terms["intent_contrast"] = contrast.intent_weight * term
        return terms

    def _view(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """What is clustered of a view, `(batch, dim)`, and its vector for the sequence contrast, `(batch, any)`."""
        clustered_last = not self._pools_mean
        if self.settings.contrast.pooling == "last" and clustered_last:
            last = self.encoder(items, last_only=True, training=True)
            return last, self._fused(last[:, None], last)
        hidden = self.encoder(items, training=True)
        mean = mean_over_items(hidden, items)
        pooled = hidden[:, -1] if clustered_last else mean
        if self.settings.contrast.pooling == "last":
            return pooled, self._fused(hidden[:, -1:], pooled)
        if self.settings.contrast.pooling == "mean":
            return pooled, self._fused(mean[:, None], pooled)
        # Concatenated, a pad is a zero: it adds nothing to the dot product of two views.
        real = ops.cast(items != 0, hidden.dtype)[:, :, None]
        return pooled, self._fused(hidden, pooled, real)

    def _fused(self, positions: Tensor, pooled: Tensor, real: Tensor | float = 1.0) -> Tensor:
        """Positions `(batch, length, dim)` with the user's nearest center (Eq. 5), as one row per user."""
        if self.clusters is not None and self.settings.contrast.fusion != "none":
            center = self.clusters(pooled)["center"][:, None]
            if self.settings.contrast.fusion == "shift":
                positions = positions + center
            else:
                positions = ops.concatenate([positions, ops.broadcast_to(center, ops.shape(positions))], axis=-1)
        positions = positions * real
        return ops.reshape(positions, (ops.shape(positions)[0], -1))
