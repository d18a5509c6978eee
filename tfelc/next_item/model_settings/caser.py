"""The settings of Caser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tfelc.next_item.model_settings.sequence_model import SequenceModelSettings

if TYPE_CHECKING:
    from tfelc.next_item.models.sequential_recommender import SequentialRecommender


class CaserSettings(SequenceModelSettings):
    """Convolutions over the last items (Tang and Wang, 2018); the samples are prefixes.

    Attributes:
        dim: Width of the embeddings.
        markov_order: Most recent items that are read, the rows of the image.
        horizontal_filters: Number of horizontal filters of each height.
        vertical_filters: Number of vertical filters.
        dropout: Dropout of what the filters give.
    """

    run_defaults: ClassVar[Mapping[str, Any]] = {
        "model": {"neighbors": {"weight": 0.0}},
        "optimizer": {"learning_rate": 0.002},
        "training": {"samples": "prefixes"},
    }

    name: Literal["caser"] = "caser"
    dim: int = Field(64, ge=1)
    markov_order: int = Field(5, ge=1)
    horizontal_filters: int = Field(16, ge=1)
    vertical_filters: int = Field(4, ge=1)
    dropout: float = Field(0.5, ge=0, lt=1)

    def check_samples(self, samples: str) -> None:
        """Raises ValueError where a sample has several targets."""
        if samples != "prefixes":
            raise ValueError(f"training.samples: caser learns what follows `prefixes`. Received: {samples}")

    def create(self, num_items: int, max_length: int, counts: NDArray[np.int64], seed: int) -> SequentialRecommender:
        """An untrained Caser; see `SequenceModelSettings`."""
        from tfelc.next_item.models.caser import Caser

        return Caser(num_items, max_length, self, self.loss.create(counts, seed))
