"""The settings of WEARec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from tfelc.next_item.model_settings.filter_encoder import FilterEncoderSettings
from tfelc.next_item.model_settings.transformer import HistoryModelSettings

if TYPE_CHECKING:
    from tfelc.next_item.models.sequential_recommender import SequentialRecommender


class WEARecSettings(HistoryModelSettings):
    """Filters over the history in the place of attention (Xu et al., 2026); the samples are prefixes.

    Attributes:
        encoder: The filters.
        item_attributes: Attributes of `catalog.columns` that an item's embedding is made of besides its id. An item of
            the table that nobody has taken yet is then in the catalog, too, by its attributes alone.
    """

    run_defaults: ClassVar[Mapping[str, Any]] = {"training": {"samples": "prefixes"}}

    name: Literal["wearec"] = "wearec"
    encoder: FilterEncoderSettings = FilterEncoderSettings()

    def check_samples(self, samples: str) -> None:
        """Raises ValueError where a sample has several targets, which the positions before them would see."""
        if samples != "prefixes":
            raise ValueError(f"training.samples: wearec learns what follows `prefixes`. Received: {samples}")

    def create(self, num_items: int, max_length: int, counts: NDArray[np.int64], seed: int) -> SequentialRecommender:
        """An untrained WEARec; see `SequenceModelSettings`."""
        from tfelc.next_item.models.wearec import WEARec

        return WEARec(num_items, max_length, self, self.loss.create(counts, seed))
