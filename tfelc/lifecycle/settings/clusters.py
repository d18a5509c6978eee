"""The settings of the learnable clusters."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tfelc.core.settings import Settings


class ClusterSettings(Settings):
    """The learnable clusters; each product adds what it clusters, and has defaults of its own.

    Attributes:
        num_clusters: Number of clusters, with `merge` the number before any are merged; 0 leaves them out.
        alpha: Weight of the clustering loss.
        objective: The clustering loss: one of `tfelc.losses.clustering`.
        temperature: Temperature of the softmax over the similarities to the centers; smaller is harder.
        momentum: With 0 the centers follow the gradient; above 0, the moving mean of the embeddings assigned to them.
        merge: Whether the number of clusters is found: close centers are merged, nearly empty ones dropped.
        initialization: What the centers are at first: `random`, or those of `kmeans` over embeddings of the untrained
            model.
    """

    num_clusters: int = Field(20, ge=0)
    alpha: float = Field(0.1, ge=0)
    objective: Literal["paper", "nearest", "soft"] = "soft"
    temperature: float = Field(0.1, gt=0)
    momentum: float = Field(0.0, ge=0, lt=1)
    merge: bool = False
    initialization: Literal["random", "kmeans"] = "kmeans"

    def layer_arguments(self) -> dict[str, Any]:
        """The arguments of `LearnableClusters`."""
        return self.model_dump(include={"num_clusters", "alpha", "objective", "temperature", "momentum", "merge"})
