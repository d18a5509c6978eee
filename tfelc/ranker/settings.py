"""The settings of a ranker: frozen models, read from YAML and `key=value`; an unknown key is an error."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from tfelc.core.auto import AUTO, OrAuto
from tfelc.core.settings import NewNames, Settings
from tfelc.lifecycle.settings.clusters import ClusterSettings
from tfelc.lifecycle.settings.early_stopping import EarlyStoppingSettings
from tfelc.lifecycle.settings.optimizer import OptimizerSettings
from tfelc.lifecycle.settings.training import TrainingSettings
from tfelc.losses.ranking.settings import NoRankingSettings, RankingTermSettings
from tfelc.losses.task_balance.settings import FixedWeightsSettings, TaskBalanceSettings
from tfelc.ranker.architectures.mmoe import MMoE
from tfelc.ranker.architectures.multi_task_architecture import MultiTaskArchitecture
from tfelc.ranker.old_settings import with_new_ranker_names
from tfelc.schema.column import Role
from tfelc.schema.task_settings import TaskSettings


class RankerClusterSettings(ClusterSettings):
    """The clusters over the users' activities. The defaults find the groups of the simulated log.

    The paper's module is `objective: paper, temperature: 0.1, merge: false, linear_inputs: [], initialization: random`.

    Attributes:
        inputs: The roles whose features are clustered. Defaults to the activities, as in the paper.
        dim: Width of the embedding that is clustered.
        gate_inputs: What enters the gates: the soft `assignment`, the nearest `center`, or both.
        linear_inputs: The roles that each cluster weighs in its own way, in a linear part of the logits; without any of
            them it is left out.
    """

    inputs: tuple[Role, ...] = ("activity",)
    dim: int = Field(32, ge=1)
    temperature: float = Field(0.03, gt=0)
    merge: bool = True
    gate_inputs: tuple[Literal["assignment", "center"], ...] = ("assignment",)
    linear_inputs: tuple[Role, ...] = ("item", "context")


class GateSettings(Settings):
    """What the gates see beside the clusters.

    Attributes:
        inputs: The roles whose features the gates see. The paper's gates see the activities alone.
    """

    inputs: tuple[Role, ...] = ("activity",)


class TowerSettings(Settings):
    """One tower for each task, on the mixture of the experts.

    Attributes:
        units: Widths of each tower's layers.
        dropout: Dropout after every layer of a tower.
    """

    units: tuple[PositiveInt, ...] = (32,)
    dropout: float = Field(0.0, ge=0, lt=1)


class CrossSettings(Settings):
    """Products of all features, which the experts then see in the place of the features (DCN V2, low rank).

    Attributes:
        layers: Cross layers, each of which raises the degree of the products by one; 0 for none.
        rank: Width in the middle of each cross layer.
    """

    layers: int = Field(0, ge=0)
    rank: int = Field(32, ge=1)


class ScalingSettings(Settings):
    """Hidden units that are scaled by who the user is, each by a factor from 0 to 2 that begins as 1 (PPNet, LHUC).

    Attributes:
        experts: Whether the units of the experts are scaled.
        towers: Whether those of the towers are.
        inputs: The roles whose features the factors follow from.
        clusters: Whether they follow from the soft assignment to the clusters, too.
        hidden: Width of the layer inside, for each layer that is scaled.
    """

    experts: bool = False
    towers: bool = False
    inputs: tuple[Role, ...] = ("activity",)
    clusters: bool = False
    hidden: int = Field(32, ge=1)

    @property
    def any(self) -> bool:
        """Whether something is scaled."""
        return self.experts or self.towers


class SequenceSettings(Settings):
    """What pools the `sequences` of the schema as they bear on the candidate.

    Attributes:
        hidden: Width inside the scores of `pooling: attention`.
        dim: Width of the block of `pooling: transformer`.
        num_heads: Attention heads of that block, which share its width.
    """

    hidden: int = Field(32, ge=1)
    dim: int = Field(32, ge=1)
    num_heads: int = Field(2, ge=1)

    @model_validator(mode="after")
    def _heads_share(self) -> Self:
        if self.dim % self.num_heads:
            raise ValueError(f"`dim` must be a multiple of `num_heads`. Received: {self.dim} and {self.num_heads}")
        return self


class RankerModelSettings(Settings):
    """What is built.

    Attributes:
        architecture: How the tasks share what they learn: the name of one of `tfelc.ranker.architectures`, or its name
            and settings.
        embedding_dim: Width of the embeddings of tables that state none.
        embedding_dropout: Share of the embedded features that is dropped in training.
        min_count: A value of a category or list enters the vocabulary once the training split holds it this often,
            where the schema says nothing of its table.
        number_bins: Numbers are also seen through this many bins of about as many training rows each, linear within a
            bin; 0 does not.
        linear: Whether the logits have a linear part over all features beside the network.
        interactions: Whether the product of each candidate with the history that shares its table is a feature.
        sequences: What pools the sequences of the schema.
        crosses: Products of the features.
        scaling: Units that are scaled by who the user is.
        gates: What the gates see.
        towers: The tasks' towers.
        clusters: The learnable clusters.
        calibration: What the logits of each binary task go through, fitted to the validation split once the weights
            are trained: nothing, `platt` (a slope and an offset), `isotonic` (a rising function of 32 points) or
            `group_bias` (a bias for each value of `calibration_by`, the smaller the fewer rows have it).
        calibration_by: What tells the groups of `group_bias` apart: a feature of kind `category`, or `cluster`, the
            nearest learned cluster.
    """

    architecture: MultiTaskArchitecture = MMoE()
    embedding_dim: int = Field(16, ge=1)
    embedding_dropout: float = Field(0.2, ge=0, lt=1)
    min_count: Annotated[int, Field(ge=1), OrAuto()] = AUTO
    number_bins: Annotated[int, Field(ge=0), OrAuto()] = AUTO
    linear: Literal["auto"] | bool = "auto"
    interactions: bool = True
    sequences: SequenceSettings = SequenceSettings()
    crosses: CrossSettings = CrossSettings()
    scaling: ScalingSettings = ScalingSettings()
    gates: GateSettings = GateSettings()
    towers: TowerSettings = TowerSettings()
    clusters: RankerClusterSettings = RankerClusterSettings()
    calibration: Literal["none", "platt", "isotonic", "group_bias"] = "none"
    calibration_by: str | None = None

    @model_validator(mode="after")
    def _groups_are_known(self) -> Self:
        if (self.calibration == "group_bias") != (self.calibration_by is not None):
            raise ValueError("`calibration: group_bias` and `calibration_by` go together")
        return self


class RankerOptimizerSettings(OptimizerSettings):
    """Two optimizers: one for the embedding tables (rows of the batch only), one for the rest.

    Attributes:
        tables: Optimizer of the embedding tables; each moves only the rows that the batch looked up.
        tables_learning_rate: Learning rate of the embedding tables.
        average: Decay of a moving average of the weights, which is then what is judged and kept; 0 keeps the weights
            as they are.
    """

    learning_rate: Annotated[float, Field(gt=0), OrAuto()] = AUTO
    schedule: Literal["constant", "linear", "cosine"] = "linear"
    tables: Literal["lazy_adam", "sparse_adagrad"] = "lazy_adam"
    tables_learning_rate: Annotated[float, Field(gt=0), OrAuto()] = AUTO
    average: Annotated[float, Field(ge=0, lt=1), OrAuto()] = AUTO


class RankerEarlyStoppingSettings(EarlyStoppingSettings):
    """When to stop; see `EarlyStoppingSettings`."""

    metric: str = "mean.auc"
    patience: Annotated[int, Field(ge=0), OrAuto()] = AUTO


class RankerTrainingSettings(TrainingSettings):
    """How the model is trained; see `TrainingSettings` for the rest.

    Attributes:
        passes: Passes over the training rows that make an epoch, at whose end the model is judged.
        precision: What is computed in; `mixed_bfloat16` is half as wide, with weights that stay in float32.
        xla: Whether the network's step is compiled by XLA.
        steps_per_execution: Steps that TensorFlow takes before it comes back to Python; a checkpoint falls between.
        shuffle_groups: Row groups that are read and shuffled together.
        balance: How the tasks' losses are weighed against each other (section A.9): the name of one of
            `tfelc.losses.task_balance`, or its name and settings.
        ranking: What orders the rows of one user, beside the loss of each binary task: the name of one of
            `tfelc.losses.ranking`, or its name and settings.
    """

    epochs: Annotated[int, Field(ge=1), OrAuto()] = AUTO
    batch_size: Annotated[int, Field(ge=1), OrAuto()] = AUTO
    passes: Annotated[int, Field(ge=1), OrAuto()] = AUTO
    early_stopping: RankerEarlyStoppingSettings = RankerEarlyStoppingSettings()
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    xla: bool = False
    steps_per_execution: int = Field(10, ge=1)
    shuffle_groups: int = Field(4, ge=1)
    balance: TaskBalanceSettings = FixedWeightsSettings()
    ranking: RankingTermSettings = NoRankingSettings()

    @property
    def loss(self) -> str:
        """What is minimized, in words."""
        term = "" if isinstance(self.ranking, NoRankingSettings) else f" and a {self.ranking.name} ranking term"
        return f"cross-entropy{term}, balanced by {self.balance.name}"


class WarmStartSettings(Settings):
    """What a training that starts from another run takes over of it (`tfelc train --from`); each such run is one day.

    Attributes:
        optimizer: What becomes of the optimizers' moments and steps, and of what the balance has learned.
        count_decay: Share of the counts so far, of values and of numbers, that a day begins with; 1 forgets nothing.
        evict_below: A value leaves the vocabulary once its count is below this; 0 keeps all.
        keep_days: A value leaves the vocabulary once no row of so many days had it; 0 keeps all.
    """

    optimizer: Literal["keep", "drop"] = "keep"
    count_decay: float = Field(1.0, gt=0, le=1)
    evict_below: float = Field(0.0, ge=0)
    keep_days: int = Field(0, ge=0)


class RankerSettings(Settings):
    """All the settings of one run.

    Attributes:
        plugins: Modules to import first, which register parts of one's own.
        model: What is built.
        optimizer: The optimizers.
        training: How it is trained.
        warm_start: What is taken over of a run that it starts from.
        tasks: Task -> what differs from the schema.
    """

    with_new_names: ClassVar[NewNames] = with_new_ranker_names

    plugins: tuple[str, ...] = ()
    model: RankerModelSettings = RankerModelSettings()
    optimizer: RankerOptimizerSettings = RankerOptimizerSettings()
    training: RankerTrainingSettings = RankerTrainingSettings()
    warm_start: WarmStartSettings = WarmStartSettings()
    tasks: dict[str, TaskSettings] = {}
