"""The settings of S3-Rec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tfelc.core.settings import Settings
from tfelc.next_item.model_settings.transformer import TransformerSettings

if TYPE_CHECKING:
    from tfelc.next_item.models.sequential_recommender import SequentialRecommender


class PretrainingSettings(Settings):
    """What the Transformer learns before the next item.

    Attributes:
        epochs: Epochs of pre-training; `training.epochs` counts those after them alone.
        item_weight: Weight of telling hidden items.
        segment_weight: Weight of telling hidden segments.
        mask: Share of a history's items that are hidden.
    """

    epochs: int = Field(10, ge=1)
    item_weight: float = Field(1.0, gt=0)
    segment_weight: float = Field(0.5, gt=0)
    mask: float = Field(0.2, gt=0, lt=1)


class S3RecSettings(TransformerSettings):
    """SASRec whose Transformer first learns to tell hidden items and segments from both sides (Zhou et al., 2020).

    Attributes:
        pretraining: What it learns first.
    """

    name: Literal["s3_rec"] = "s3_rec"
    pretraining: PretrainingSettings = PretrainingSettings()

    def create(self, num_items: int, max_length: int, counts: NDArray[np.int64], seed: int) -> SequentialRecommender:
        """An untrained S3-Rec; see `SequenceModelSettings`."""
        from tfelc.next_item.models.s3_rec import S3Rec

        return S3Rec(num_items, max_length, self, self.loss.create(counts, seed), seed)
