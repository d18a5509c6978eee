"""The settings of ELCRec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from tfelc.core.settings import Settings
from tfelc.lifecycle.settings.clusters import ClusterSettings
from tfelc.next_item.model_settings.transformer import TransformerSettings

if TYPE_CHECKING:
    from tfelc.next_item.models.sequential_recommender import SequentialRecommender


class IntentSettings(ClusterSettings):
    """The learnable clusters of the users' embeddings, their intents (Eq. 3).

    Attributes:
        pooling: What of a history is clustered: the `last` position, or the `mean` over its items.
    """

    num_clusters: int = Field(0, ge=0)
    initialization: Literal["random", "kmeans"] = "random"
    pooling: Literal["last", "mean"] = "last"


class ContrastSettings(Settings):
    """The cluster-assisted contrast between two views of a history (Eq. 4 to 6).

    Attributes:
        sequence_weight: Weight of the sequence contrast (Eq. 4); with that of the intents 0 too, there are no views.
        intent_weight: Weight of the intent contrast (Eq. 6); needs clusters.
        views: `augment`: two views by crop, mask or reorder. `dropout`: the history and a second pass of it.
            `same_target`: the history and another one that the same item followed.
        pooling: How a view becomes one vector: `concat` of its positions (Eq. 2), their `mean`, or the `last`.
        fusion: How the nearest center enters a view (Eq. 5).
        normalize: Whether views are compared by cosine.
        temperature: What the compared products are divided by.
        crop: Share of a history that a crop keeps.
        mask: Share of a history that a mask hides.
        reorder: Share of a history that is shuffled.
    """

    sequence_weight: float = Field(0.0, ge=0)
    intent_weight: float = Field(0.0, ge=0)
    views: Literal["augment", "dropout", "same_target"] = "augment"
    pooling: Literal["concat", "mean", "last"] = "last"
    fusion: Literal["none", "shift", "concat"] = "none"
    normalize: bool = True
    temperature: float = Field(0.1, gt=0)
    crop: float = Field(0.2, ge=0, le=1)
    mask: float = Field(0.7, ge=0, le=1)
    reorder: float = Field(0.2, ge=0, le=1)

    @property
    def has_views(self) -> bool:
        """Whether training looks at other views of a history."""
        return self.sequence_weight > 0 or self.intent_weight > 0

    @property
    def has_positive_views(self) -> bool:
        """Whether the views are other histories of the same target."""
        return self.has_views and self.views == "same_target"


class ELCRecSettings(TransformerSettings):
    """SASRec with learnable clusters of its users and a contrast between views of their histories.

    Its parts are left out by their weights: without the contrast `contrast.sequence_weight: 0, contrast.intent_weight:
    0` (the paper's B + ELCM), without the clustering loss `clusters.alpha: 0` (B + CCL).

    Attributes:
        clusters: The users' intents.
        contrast: Between two views of a history.
    """

    name: Literal["elcrec"] = "elcrec"
    clusters: IntentSettings = IntentSettings()
    contrast: ContrastSettings = ContrastSettings()

    @property
    def cluster_settings(self) -> ClusterSettings:
        """The users' intents."""
        return self.clusters

    def check_samples(self, samples: str) -> None:
        """Raises ValueError where views of the same target meet samples of several targets."""
        if self.contrast.has_positive_views and samples != "prefixes":
            raise ValueError(
                "model.contrast.views: `same_target` needs one target for each sample, training.samples: prefixes. "
                f"Received: {samples}"
            )

    def create(self, num_items: int, max_length: int, counts: NDArray[np.int64], seed: int) -> SequentialRecommender:
        """An untrained ELCRec; see `SequenceModelSettings`."""
        from tfelc.next_item.models.elcrec import ELCRec

        return ELCRec(num_items, max_length, self, self.loss.create(counts, seed), seed)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        clusters, contrast = self.clusters, self.contrast
        if not contrast.has_views:
            return self
        if contrast.views != "augment" and contrast.pooling != "last":
            raise ValueError(
                f"model.contrast.views: `{contrast.views}` views are compared by model.contrast.pooling: last. "
                f"Received: {contrast.pooling}"
            )
        if not clusters.num_clusters and contrast.intent_weight:
            raise ValueError("model.contrast.intent_weight: there are no intents without model.clusters.num_clusters")
        if not clusters.num_clusters and contrast.fusion != "none":
            raise ValueError(
                "model.contrast.fusion: there is no center to fuse without model.clusters.num_clusters. "
                f"Received: {contrast.fusion}"
            )
        return self
