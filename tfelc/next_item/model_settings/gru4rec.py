"""The settings of GRU4Rec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tfelc.next_item.model_settings.sequence_model import SequenceModelSettings

if TYPE_CHECKING:
    from tfelc.next_item.models.sequential_recommender import SequentialRecommender


class GRU4RecSettings(SequenceModelSettings):
    """Gated recurrent units over the history (Hidasi et al., 2016).

    Attributes:
        dim: Width of the embeddings and of the state.
        num_layers: Number of recurrent layers.
        dropout: Dropout of the embeddings and of each layer's states.
    """

    run_defaults: ClassVar[Mapping[str, Any]] = {
        "model": {"neighbors": {"weight": 0.0}},
        "optimizer": {"learning_rate": 0.002},
    }

    name: Literal["gru4rec"] = "gru4rec"
    dim: int = Field(64, ge=1)
    num_layers: int = Field(1, ge=1)
    dropout: float = Field(0.3, ge=0, lt=1)

    def create(self, num_items: int, max_length: int, counts: NDArray[np.int64], seed: int) -> SequentialRecommender:
        """An untrained GRU4Rec; see `SequenceModelSettings`."""
        from tfelc.next_item.models.gru4rec import GRU4Rec

        return GRU4Rec(num_items, max_length, self, self.loss.create(counts, seed))
