"""S3-Rec: SASRec whose Transformer first learns to tell hidden items and segments from both sides."""

from __future__ import annotations

from typing import Any, ClassVar

import keras
from keras import ops

from tfelc.layers.cloze_mask import ClozeMask
from tfelc.layers.segment_mask import SegmentMask
from tfelc.losses.next_item.next_item_loss import NextItemLoss
from tfelc.losses.segment_contrast import segment_contrast
from tfelc.next_item.model_settings.s3_rec import S3RecSettings
from tfelc.next_item.models.chosen_rows import chosen_rows
from tfelc.next_item.models.sasrec import SASRec

Tensor = Any


class S3Rec(SASRec):
    """SASRec after a pre-training of its Transformer, which looks both ways then.

    - Masked item prediction: hidden items of a history are told by the outputs `h` at their places, scored by
      `<W h, e>`, with the loss of the next item.
    - Segment prediction: a history with a hidden segment is told from those of other segments of the batch, by
      `<U r, s>`, the last outputs of both.

    The two predictions of attributes are left out, since a table of interactions has none. In the source the products
    go through a sigmoid first.

    Args:
        num_items: int. Items of the catalog.
        max_length: int. Longest history.
        settings: S3RecSettings. The model's settings.
        loss: NextItemLoss. The loss of the next item, and of a hidden one.
        seed: int. Seed of what is hidden. Defaults to 0.

    Example:
        >>> model = S3RecSettings().create(100, 20, [1] * 100, seed=7)
        >>> items, targets = ops.convert_to_tensor([[0, 3, 7], [4, 2, 9]]), ops.convert_to_tensor([5, 8])
        >>> list(model.compute_pretraining_loss(items, targets)), list(model.compute_loss(items, targets))
        (['masked_items', 'segments'], ['next_item'])

    Source: Zhou et al., S3-Rec: Self-Supervised Learning for Sequential Recommendation (2020), section 4.
    """

    settings: S3RecSettings
    former_variables: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, num_items: int, max_length: int, settings: S3RecSettings, loss: NextItemLoss, seed: int = 0
    ) -> None:
        super().__init__(num_items, max_length, settings, loss, name="s3_rec")
        dim, mask_item = settings.encoder.dim, self.encoder.mask_item
        self.item_projection = keras.layers.Dense(dim, use_bias=False, name="item_projection")
        self.segment_projection = keras.layers.Dense(dim, use_bias=False, name="segment_projection")
        for projection in (self.item_projection, self.segment_projection):
            projection.build((None, dim))
        self.cloze = ClozeMask(mask_item, settings.pretraining.mask, last_share=0.0, seed=seed, name="cloze")
        self.segment_mask = SegmentMask(mask_item, seed=seed, name="segment_mask")

    @property
    def pretraining_epochs(self) -> int:
        """Epochs in which hidden items and segments are told."""
        return self.settings.pretraining.epochs

    def compute_pretraining_loss(
        self, items: Tensor, targets: Tensor, positive_views: Tensor | None = None
    ) -> dict[str, Tensor]:
        """The terms `masked_items` and `segments`."""
        weights = self.settings.pretraining
        return {
            "masked_items": weights.item_weight * self._masked_items(items),
            "segments": weights.segment_weight * self._segments(items),
        }

    def _masked_items(self, items: Tensor) -> Tensor:
        masked, hidden = self.cloze(items)
        outputs = self.encoder(masked, causal=False, training=True)
        # Only what is hidden is projected and scored.
        rows, wanted = chosen_rows(hidden, outputs, items)
        return self.next_item_loss(self.item_projection(rows), self.loss_table, wanted)

    def _segments(self, items: Tensor) -> Tensor:
        rests, segments = self.segment_mask(items)
        both = ops.concatenate([rests, segments], axis=0)
        rests, segments = ops.split(self.encoder(both, last_only=True, causal=False, training=True), 2, axis=0)
        # Of a history of one item nothing would be left.
        counted = ops.sum(ops.cast(items != 0, "int32"), axis=1) > 1
        return segment_contrast(self.segment_projection(rests), segments, counted)
