"""The settings of each next-item loss, which create it."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tfelc.core.part_settings import PartSettings
from tfelc.core.registry import Registry

NEXT_ITEM_LOSSES: Registry[type[NextItemLossSettings]] = Registry(
    "next-item loss",
    {
        "auto": f"{__name__}:AutoLossSettings",
        "softmax": f"{__name__}:FullSoftmaxSettings",
        "sampled_softmax": f"{__name__}:SampledSoftmaxSettings",
        "bce": f"{__name__}:BinaryCrossEntropySettings",
        "gbce": f"{__name__}:CalibratedBinaryCrossEntropySettings",
        "bpr": f"{__name__}:BayesianPersonalizedRankingSettings",
    },
)

# Of more items a step over all of them takes several times one over drawn ones.
_FULLY_RANKED = 30_000
_DRAWN = 4_096


class NextItemLossSettings(PartSettings):
    """What every loss of the next item has.

    Attributes:
        normalize: Whether scores are cosines; serving scores alike.
        temperature: What scores are divided by.
    """

    registry: ClassVar[Registry[Any]] = NEXT_ITEM_LOSSES
    default_name: ClassVar[str] = "softmax"

    normalize: bool = False
    temperature: float = Field(1.0, gt=0)

    @abstractmethod
    def create(self, counts: NDArray[np.int64], seed: int) -> Any:
        """The `NextItemLoss`.

        Args:
            counts: Array. How often each item is a target in training, by item number less 1.
            seed: int. Seed of the drawn negatives.
        """


class AutoLossSettings(NextItemLossSettings):
    """`softmax` up to 30,000 items, and beyond them `sampled_softmax` with 4,096 drawn items."""

    name: Literal["auto"] = "auto"

    def chosen(self, num_items: int) -> FullSoftmaxSettings | SampledSoftmaxSettings:
        """The settings of the loss for a catalog of so many items."""
        alike = {"normalize": self.normalize, "temperature": self.temperature}
        if num_items <= _FULLY_RANKED:
            return FullSoftmaxSettings(**alike)
        return SampledSoftmaxSettings(num_negatives=_DRAWN, **alike)

    def create(self, counts: NDArray[np.int64], seed: int) -> Any:
        """The loss for as many items as there are counts."""
        return self.chosen(len(counts)).create(counts, seed)


class FullSoftmaxSettings(NextItemLossSettings):
    """Cross-entropy over the whole catalog."""

    name: Literal["softmax"] = "softmax"

    def create(self, counts: NDArray[np.int64], seed: int) -> Any:
        """The `FullSoftmax`."""
        from tfelc.losses.next_item.full_softmax import FullSoftmax

        return FullSoftmax(self.normalize, self.temperature)


class SampledSoftmaxSettings(NextItemLossSettings):
    """Cross-entropy over the target and drawn items.

    Attributes:
        num_negatives: Items that are drawn for each batch.
        power: Items are drawn by their popularity to this power.
        log_q: Whether the chances of the draws are corrected for.
    """

    name: Literal["sampled_softmax"] = "sampled_softmax"
    num_negatives: int = Field(1024, ge=1)
    power: float = Field(0.5, ge=0)
    log_q: bool = True

    def create(self, counts: NDArray[np.int64], seed: int) -> Any:
        """The `SampledSoftmax`."""
        from tfelc.losses.next_item.sampled_softmax import SampledSoftmax

        return SampledSoftmax(
            counts, self.num_negatives, self.power, self.log_q, self.normalize, self.temperature, seed
        )


class BinaryCrossEntropySettings(NextItemLossSettings):
    """The target against drawn items, one by one.

    Attributes:
        num_negatives: Items that are drawn for each row.
    """

    name: Literal["bce"] = "bce"
    num_negatives: int = Field(1024, ge=1)

    def create(self, counts: NDArray[np.int64], seed: int) -> Any:
        """The `BinaryCrossEntropy`."""
        from tfelc.losses.next_item.binary_cross_entropy import BinaryCrossEntropy

        return BinaryCrossEntropy(counts, self.num_negatives, 0.0, self.normalize, self.temperature, seed)


class CalibratedBinaryCrossEntropySettings(NextItemLossSettings):
    """gBCE: binary cross-entropy that makes up for how few items are drawn.

    Attributes:
        num_negatives: Items that are drawn for each row.
        calibration: gBCE's t, from 0 (plain) to 1.
    """

    name: Literal["gbce"] = "gbce"
    num_negatives: int = Field(1024, ge=1)
    calibration: float = Field(0.75, ge=0, le=1)

    def create(self, counts: NDArray[np.int64], seed: int) -> Any:
        """The `BinaryCrossEntropy` with its calibration."""
        from tfelc.losses.next_item.binary_cross_entropy import BinaryCrossEntropy

        return BinaryCrossEntropy(counts, self.num_negatives, self.calibration, self.normalize, self.temperature, seed)


class BayesianPersonalizedRankingSettings(NextItemLossSettings):
    """Pairs of the target and a drawn item, of which the target is to score higher (Rendle et al., 2009).

    Attributes:
        num_negatives: Items that are drawn for each row.
        regularization: Weight of the squared lengths of what is compared.
    """

    name: Literal["bpr"] = "bpr"
    num_negatives: int = Field(1, ge=1)
    regularization: float = Field(0.0, ge=0)

    def create(self, counts: NDArray[np.int64], seed: int) -> Any:
        """The `BayesianPersonalizedRanking`."""
        from tfelc.losses.next_item.bayesian_personalized_ranking import BayesianPersonalizedRanking

        return BayesianPersonalizedRanking(
            counts, self.num_negatives, self.regularization, self.normalize, self.temperature, seed
        )
