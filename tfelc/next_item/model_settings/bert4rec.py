"""The settings of BERT4Rec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tfelc.next_item.model_settings.encoder import PlainEncoderSettings
from tfelc.next_item.model_settings.sequence_model import SequenceModelSettings

if TYPE_CHECKING:
    from tfelc.next_item.models.sequential_recommender import SequentialRecommender


class BothSidesEncoderSettings(PlainEncoderSettings):
    """The Transformer of BERT4Rec, with the layers, heads and dropout of its source."""

    num_layers: int = Field(2, ge=1)
    dropout: float = Field(0.2, ge=0, lt=1)
    attention_dropout: float = Field(0.2, ge=0, lt=1)


class BERT4RecSettings(SequenceModelSettings):
    """A Transformer that sees both sides and tells hidden items (Sun et al., 2019); samples are whole sequences.

    Attributes:
        encoder: The Transformer.
        mask: Share of a sequence's items that are hidden.
        mask_last: Share of the sequences of which the last item alone is hidden.
    """

    run_defaults: ClassVar[Mapping[str, Any]] = {
        "model": {"neighbors": {"weight": 0.0}},
        "optimizer": {"learning_rate": 0.002},
        "training": {"samples": "windows", "epochs": 60},
    }

    name: Literal["bert4rec"] = "bert4rec"
    encoder: BothSidesEncoderSettings = BothSidesEncoderSettings()
    mask: float = Field(0.2, gt=0, lt=1)
    mask_last: float = Field(0.1, ge=0, le=1)

    def check_samples(self, samples: str) -> None:
        """Raises ValueError where a sample is no whole sequence."""
        if samples == "prefixes":
            raise ValueError(
                "training.samples: bert4rec hides items of whole sequences; use windows or sequences. "
                f"Received: {samples}"
            )

    def create(self, num_items: int, max_length: int, counts: NDArray[np.int64], seed: int) -> SequentialRecommender:
        """An untrained BERT4Rec; see `SequenceModelSettings`."""
        from tfelc.next_item.models.bert4rec import BERT4Rec

        return BERT4Rec(num_items, max_length, self, self.loss.create(counts, seed), seed)
