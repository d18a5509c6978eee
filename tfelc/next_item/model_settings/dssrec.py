"""The settings of DSSRec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tfelc.core.settings import Settings
from tfelc.next_item.model_settings.transformer import TransformerSettings

if TYPE_CHECKING:
    from tfelc.next_item.models.sequential_recommender import SequentialRecommender


class FutureSettings(Settings):
    """The contrast between what a user had and what the user had next, intention by intention.

    Attributes:
        weight: Weight of the contrast; the source adds it as it is.
        kept: Share of the pairs of a past and a future that count, those that are told best.
    """

    weight: float = Field(0.1, gt=0)
    kept: float = Field(0.5, gt=0, le=1)


class DSSRecSettings(TransformerSettings):
    """A Transformer with a vector for each of a user's intentions, which also tell the user's future (Ma et al., 2020).

    Attributes:
        num_intentions: Number of intentions; an item's score is that of the best of them.
        future: Between a past and its future.
    """

    run_defaults: ClassVar[Mapping[str, Any]] = {"training": {"samples": "prefixes"}}

    name: Literal["dssrec"] = "dssrec"
    num_intentions: int = Field(4, ge=1)
    future: FutureSettings = FutureSettings()

    def check_samples(self, samples: str) -> None:
        """Raises ValueError where a sample has no future of its own."""
        if samples != "prefixes":
            raise ValueError(
                f"training.samples: dssrec looks at what follows a history; use prefixes. Received: {samples}"
            )

    def create(self, num_items: int, max_length: int, counts: NDArray[np.int64], seed: int) -> SequentialRecommender:
        """An untrained DSSRec; see `SequenceModelSettings`."""
        from tfelc.next_item.models.dssrec import DSSRec

        return DSSRec(num_items, max_length, self, self.loss.create(counts, seed))
