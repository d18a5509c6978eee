"""CL4SRec: SASRec with a contrast between augmented views of a history."""

from __future__ import annotations

from typing import Any, ClassVar

from keras import ops

from tfelc.layers.sequence_augmentation import SequenceAugmentation
from tfelc.losses.contrastive import sequence_contrast
from tfelc.losses.l2_normalized import l2_normalized
from tfelc.losses.next_item.next_item_loss import NextItemLoss
from tfelc.next_item.model_settings.cl4srec import CL4SRecSettings
from tfelc.next_item.models.sasrec import SASRec
from tfelc.next_item.models.sequential_recommender import mean_over_items

Tensor = Any


class CL4SRec(SASRec):
    """SASRec that tells two views of a history, cropped, masked or reordered, from those of all other histories.

    Two operators are drawn for each history (section 3.3); the views' vectors are contrasted by InfoNCE, the other
    `2 (batch - 1)` views of the batch being the negatives (section 3.2, Eq. 3), and the loss is added to that of the
    next item (Eq. 1).

    Args:
        num_items: int. Items of the catalog.
        max_length: int. Longest history.
        settings: CL4SRecSettings. The model's settings.
        loss: NextItemLoss. The loss of the next item.
        seed: int. Seed of the augmentations. Defaults to 0.
        name: str. The model's name. Defaults to `cl4srec`.

    Example:
        >>> model = CL4SRecSettings().create(100, 20, [1] * 100, seed=7)
        >>> items, targets = ops.convert_to_tensor([[0, 3, 7], [4, 2, 9]]), ops.convert_to_tensor([5, 8])
        >>> list(model.compute_loss(items, targets))
        ['next_item', 'sequence_contrast']

    Source: Xie et al., Contrastive Learning for Sequential Recommendation (2022), section 3.
    """

    settings: CL4SRecSettings
    former_variables: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        num_items: int,
        max_length: int,
        settings: CL4SRecSettings,
        loss: NextItemLoss,
        seed: int = 0,
        name: str = "cl4srec",
    ) -> None:
        super().__init__(num_items, max_length, settings, loss, name)
        contrast = settings.contrast
        self.augmentation = SequenceAugmentation(
            self.encoder.mask_item, contrast.crop, contrast.mask, contrast.reorder, seed=seed, name="augmentation"
        )

    def compute_loss(self, items: Tensor, targets: Tensor, positive_views: Tensor | None = None) -> dict[str, Tensor]:
        """The terms `next_item` and `sequence_contrast`."""
        views = self.augmented_views(items)
        hidden = self.encoder(views, last_only=self.settings.contrast.pooling == "last", training=True)
        return super().compute_loss(items, targets) | {"sequence_contrast": self.sequence_term(hidden, views)}

    def augmented_views(self, items: Tensor) -> Tensor:
        """Two views of each history: first one of each, and then the other of each, `(2 batch, length)`."""
        return ops.concatenate([self.augmentation(items), self.augmentation(items)], axis=0)

    def sequence_term(self, hidden: Tensor, views: Tensor) -> Tensor:
        """The contrast between the views, weighted.

        Args:
            hidden: Tensor. What the encoder makes of all positions of the views, `(2 batch, length, dim)`, or of the
                last ones, `(2 batch, dim)`, where these are what is compared.
            views: Tensor. Of `augmented_views`.
        """
        contrast = self.settings.contrast
        if len(hidden.shape) == 3:
            hidden = _pooled(hidden, views, contrast.pooling)
        first, second = ops.split(l2_normalized(hidden) if contrast.normalize else hidden, 2, axis=0)
        return contrast.weight * sequence_contrast(first, second, contrast.temperature)


def _pooled(hidden: Tensor, items: Tensor, pooling: str) -> Tensor:
    """One row for each history; concatenated, a pad is a zero and adds nothing to the product of two rows."""
    if pooling == "last":
        return hidden[:, -1]
    if pooling == "mean":
        return mean_over_items(hidden, items)
    real = ops.cast(items != 0, hidden.dtype)[:, :, None]
    return ops.reshape(hidden * real, (ops.shape(hidden)[0], -1))
