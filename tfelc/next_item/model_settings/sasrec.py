"""The settings of SASRec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from tfelc.next_item.model_settings.transformer import TransformerSettings

if TYPE_CHECKING:
    from tfelc.next_item.models.sequential_recommender import SequentialRecommender


class SASRecSettings(TransformerSettings):
    """A Transformer over the history (Kang and McAuley, 2018)."""

    name: Literal["sasrec"] = "sasrec"

    def create(self, num_items: int, max_length: int, counts: NDArray[np.int64], seed: int) -> SequentialRecommender:
        """An untrained SASRec; see `SequenceModelSettings`."""
        from tfelc.next_item.models.sasrec import SASRec

        return SASRec(num_items, max_length, self, self.loss.create(counts, seed))
