"""What the settings of every next-item model have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from tfelc.core.part_settings import PartSettings
from tfelc.core.registry import Registry
from tfelc.core.settings import Settings
from tfelc.lifecycle.settings.clusters import ClusterSettings
from tfelc.losses.next_item.settings import FullSoftmaxSettings, NextItemLossSettings

if TYPE_CHECKING:
    from tfelc.next_item.models.sequential_recommender import SequentialRecommender

SEQUENCE_MODELS: Registry[type[SequenceModelSettings]] = Registry(
    "next-item model",
    {
        "bpr_mf": "tfelc.next_item.model_settings.bpr_mf:BPRMFSettings",
        "gru4rec": "tfelc.next_item.model_settings.gru4rec:GRU4RecSettings",
        "caser": "tfelc.next_item.model_settings.caser:CaserSettings",
        "sasrec": "tfelc.next_item.model_settings.sasrec:SASRecSettings",
        "dssrec": "tfelc.next_item.model_settings.dssrec:DSSRecSettings",
        "bert4rec": "tfelc.next_item.model_settings.bert4rec:BERT4RecSettings",
        "s3_rec": "tfelc.next_item.model_settings.s3_rec:S3RecSettings",
        "cl4srec": "tfelc.next_item.model_settings.cl4srec:CL4SRecSettings",
        "iclrec": "tfelc.next_item.model_settings.iclrec:ICLRecSettings",
        "wearec": "tfelc.next_item.model_settings.wearec:WEARecSettings",
        "elcrec": "tfelc.next_item.model_settings.elcrec:ELCRecSettings",
    },
)


class NeighborSettings(Settings):
    """Item-kNN as a term of the score, added once the model is trained; see `tfelc.layers.neighbor_scores`.

    Attributes:
        weight: Weight of the term; 0 leaves it out.
        num_neighbors: Number of neighbors that are kept of each item.
        recency: Factor by which an item counts less for each step that it is older than the last one.
        window: Largest distance of two items that counts, in steps.
        decay: Power by which nearness falls with the distance.
        backward: Weight of what stood before an item, to that of what stood after it.
    """

    weight: float = Field(0.0, ge=0)
    num_neighbors: int = Field(200, ge=1)
    recency: float = Field(0.9, gt=0, le=1)
    window: int = Field(20, ge=1)
    decay: float = Field(0.5, ge=0)
    backward: float = Field(0.25, ge=0)


class SequenceModelSettings(PartSettings):
    """The settings of a next-item model, which create it.

    A new model is a subclass with a `name`, its settings and `create`, registered in `SEQUENCE_MODELS`.

    Attributes:
        run_defaults: What differs from the settings that are shipped for a data set in a run of this model, such as
            its source's loss: settings of a run by group and key, as in YAML.
        loss: The loss of the next item: the name of one of `tfelc.losses.next_item`, or its name and settings.
        neighbors: Item-kNN as a term of the score.

    Example:
        >>> SequenceModelSettings.load({"name": "sasrec", "loss": "bce"}).loss.num_negatives
        1024
        >>> "elcrec" in SEQUENCE_MODELS.names()
        True
    """

    registry: ClassVar[Registry[Any]] = SEQUENCE_MODELS
    default_name: ClassVar[str] = "elcrec"
    run_defaults: ClassVar[Mapping[str, Any]] = {}

    loss: NextItemLossSettings = FullSoftmaxSettings()
    neighbors: NeighborSettings = NeighborSettings()

    @model_validator(mode="before")
    @classmethod
    def _with_the_name_of_its_loss(cls, value: Any) -> Any:
        """Settings of a loss that do not name it are those of the model's own."""
        loss = value.get("loss") if isinstance(value, Mapping) else None
        if not isinstance(loss, Mapping) or "name" in loss:
            return value
        return {**value, "loss": {"name": cls.model_fields["loss"].default.name, **loss}}

    @property
    def cluster_settings(self) -> ClusterSettings:
        """The settings of its clusters; a model without them has 0."""
        return ClusterSettings(num_clusters=0)

    def check_samples(self, samples: str) -> None:
        """Raises ValueError where the model cannot be trained on such `training.samples`."""

    @abstractmethod
    def create(self, num_items: int, max_length: int, counts: NDArray[np.int64], seed: int) -> SequentialRecommender:
        """An untrained model.

        Args:
            num_items: int. Items of the catalog.
            max_length: int. Most recent items of a history that are read.
            counts: Array. How often each item is a target in training, by item number less 1.
            seed: int. Seed of whatever is random in it beside its first weights.
        """
