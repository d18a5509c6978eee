"""The settings of CL4SRec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tfelc.core.settings import Settings
from tfelc.next_item.model_settings.transformer import TransformerSettings

if TYPE_CHECKING:
    from tfelc.next_item.models.sequential_recommender import SequentialRecommender


class ViewContrastSettings(Settings):
    """The contrast between two augmented views of a history.

    Attributes:
        weight: Weight of the contrast.
        pooling: How a view becomes one vector: the `last` of its positions, their `mean`, or a `concat` of all.
        normalize: Whether views are compared by cosine, and not by their dot product as in the source.
        temperature: What the compared products are divided by; the source has 1.
        crop: Share of a history that a crop keeps.
        mask: Share of a history that a mask hides.
        reorder: Share of a history that is shuffled.
    """

    weight: float = Field(0.1, gt=0)
    pooling: Literal["last", "mean", "concat"] = "last"
    normalize: bool = True
    temperature: float = Field(0.1, gt=0)
    crop: float = Field(0.6, ge=0, le=1)
    mask: float = Field(0.3, ge=0, le=1)
    reorder: float = Field(0.6, ge=0, le=1)


class CL4SRecSettings(TransformerSettings):
    """SASRec with a contrast between augmented views of a history (Xie et al., 2022).

    Attributes:
        contrast: Between two views of a history.
    """

    name: Literal["cl4srec"] = "cl4srec"
    contrast: ViewContrastSettings = ViewContrastSettings()

    def create(self, num_items: int, max_length: int, counts: NDArray[np.int64], seed: int) -> SequentialRecommender:
        """An untrained CL4SRec; see `SequenceModelSettings`."""
        from tfelc.next_item.models.cl4srec import CL4SRec

        return CL4SRec(num_items, max_length, self, self.loss.create(counts, seed), seed)
