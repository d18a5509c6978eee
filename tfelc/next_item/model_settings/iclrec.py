"""The settings of ICLRec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tfelc.core.settings import Settings
from tfelc.lifecycle.settings.clusters import ClusterSettings
from tfelc.next_item.model_settings.cl4srec import CL4SRecSettings, ViewContrastSettings

if TYPE_CHECKING:
    from tfelc.next_item.models.sequential_recommender import SequentialRecommender


class PrototypeSettings(Settings):
    """The users' intents: clusters that K-means finds anew before each epoch.

    Attributes:
        num_clusters: Number of intents.
        weight: Weight of the contrast between a view and its user's intent.
        temperature: What the compared products are divided by; the source has 1.
    """

    num_clusters: int = Field(256, ge=2)
    weight: float = Field(0.1, gt=0)
    temperature: float = Field(0.1, gt=0)


class IntentViewContrastSettings(ViewContrastSettings):
    """The contrast between two augmented views of a history, with the shares that ICLRec takes."""

    crop: float = Field(0.2, ge=0, le=1)
    mask: float = Field(0.7, ge=0, le=1)
    reorder: float = Field(0.2, ge=0, le=1)


class ICLRecSettings(CL4SRecSettings):
    """SASRec with a contrast between views of a history, and between them and its intent (Chen et al., 2022).

    Attributes:
        contrast: Between two views of a history; `normalize` is also how they are compared with intents.
        intents: Between views and intents.
    """

    name: Literal["iclrec"] = "iclrec"  # type: ignore[assignment]
    contrast: IntentViewContrastSettings = IntentViewContrastSettings()
    intents: PrototypeSettings = PrototypeSettings()

    @property
    def cluster_settings(self) -> ClusterSettings:
        """The intents, which no loss moves and the first epoch begins with."""
        intents = self.intents
        return ClusterSettings(
            num_clusters=intents.num_clusters, alpha=0, temperature=intents.temperature, initialization="random"
        )

    def create(self, num_items: int, max_length: int, counts: NDArray[np.int64], seed: int) -> SequentialRecommender:
        """An untrained ICLRec; see `SequenceModelSettings`."""
        from tfelc.next_item.models.iclrec import ICLRec

        return ICLRec(num_items, max_length, self, self.loss.create(counts, seed), seed)
