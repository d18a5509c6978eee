"""The settings of BPR-MF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tfelc.losses.next_item.settings import BayesianPersonalizedRankingSettings, NextItemLossSettings
from tfelc.next_item.model_settings.sequence_model import SequenceModelSettings

if TYPE_CHECKING:
    from tfelc.next_item.models.sequential_recommender import SequentialRecommender


class BPRMFSettings(SequenceModelSettings):
    """Matrix factorization whose users are the sum of what they took, learned from pairs (Rendle et al., 2009).

    Attributes:
        dim: Number of factors.
        initial_deviation: Standard deviation of the factors at first.
    """

    run_defaults: ClassVar[Mapping[str, Any]] = {
        "model": {"loss": {"name": "bpr", "num_negatives": 1}, "neighbors": {"weight": 0.0}},
        "optimizer": {"learning_rate": 0.002},
        # Whole sequences, since the model knows no order.
        "training": {"samples": "windows", "epochs": 60},
    }

    name: Literal["bpr_mf"] = "bpr_mf"
    loss: NextItemLossSettings = BayesianPersonalizedRankingSettings()
    dim: int = Field(64, ge=1)
    initial_deviation: float = Field(0.05, gt=0)

    def create(self, num_items: int, max_length: int, counts: NDArray[np.int64], seed: int) -> SequentialRecommender:
        """An untrained BPR-MF; see `SequenceModelSettings`."""
        from tfelc.next_item.models.bpr_mf import BPRMF

        return BPRMF(num_items, max_length, self, self.loss.create(counts, seed))
