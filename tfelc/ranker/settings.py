"""The settings of a ranking experiment: frozen models, read from YAML and `--set a.b=c`; an unknown key is an error."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from tfelc.core.settings import Settings
from tfelc.schema.column import Role
from tfelc.schema.task_settings import TaskSettings


class ClustersConfig(Settings):
    """The learnable clusters over the users' activities. The defaults find the groups of the simulated log.

    The paper's module is `objective: paper, temperature: 0.1, merge: false, linear: [], start: random`.

    Attributes:
        count: Number of clusters, with `merge` to start with; 0 leaves the module out (baseline B).
        inputs: The roles whose features are clustered. Defaults to the activities, as in the paper.
        dim: Width of the embedding that is clustered.
        alpha: Weight of the clustering loss.
        objective: Which clustering loss; see `tfelc.losses.clustering`.
        temperature: Of the softmax over the similarities to the centers.
        momentum: 0: the centers follow the gradient; above it, the moving mean of the embeddings assigned to them.
        merge: Whether the number of clusters is found: close centers are merged, nearly empty ones dropped.
        feed: What enters the gates: the soft `assignment`, the nearest `center`, or both.
        linear: The roles that each cluster weighs in its own way, in a linear part of the logits; without any of them
            it is left out.
        start: Where the centers begin: `random`, or `kmeans` over a sample of the training split.
    """

    count: int = Field(20, ge=0)
    inputs: tuple[Role, ...] = ("activity",)
    dim: int = Field(32, ge=1)
    alpha: float = Field(0.1, ge=0)
    objective: Literal["paper", "nearest", "soft"] = "soft"
    temperature: float = Field(0.03, gt=0)
    momentum: float = Field(0.0, ge=0, lt=1)
    merge: bool = True
    feed: tuple[Literal["assignment", "center"], ...] = ("assignment",)
    linear: tuple[Role, ...] = ("item", "context")
    start: Literal["random", "kmeans"] = "kmeans"


class ExpertsConfig(Settings):
    """The experts. `shared` counts MMoE's experts and PLE's shared ones; `per_task` and `levels` are for PLE alone."""

    shared: int = Field(4, ge=1)
    per_task: int = Field(2, ge=1)
    levels: int = Field(1, ge=1)
    units: tuple[PositiveInt, ...] = Field((128, 64), min_length=1)
    dropout: float = Field(0.0, ge=0, lt=1)


class GatesConfig(Settings):
    """What the gates see beside the clusters; the paper's gates see the activities alone."""

    inputs: tuple[Role, ...] = ("activity",)


class TowersConfig(Settings):
    """One tower a task, on the mixture of the experts."""

    units: tuple[PositiveInt, ...] = (32,)
    dropout: float = Field(0.0, ge=0, lt=1)


class ModelConfig(Settings):
    """What is built. `interactions` adds the product of each candidate with the history that shares its table."""

    architecture: Literal["mmoe", "ple", "shared_bottom"] = "mmoe"
    embedding_dim: int = Field(16, ge=1)
    embedding_dropout: float = Field(0.2, ge=0, lt=1)
    interactions: bool = True
    experts: ExpertsConfig = ExpertsConfig()
    gates: GatesConfig = GatesConfig()
    towers: TowersConfig = TowersConfig()
    clusters: ClustersConfig = ClustersConfig()


class OptimizerConfig(Settings):
    """Two optimizers: one for the embedding tables (rows of the batch only), one for the rest.

    Attributes:
        tables: `lazy_adam` or `sparse_adagrad`; both move only the rows that the batch looked up.
        tables_learning_rate: Its learning rate.
        dense: Any of Keras's optimizers by name.
        dense_learning_rate: Its learning rate.
        schedule: `constant`, or `linear` or `cosine` decay to zero over all the steps of the run.
        clip_norm: Largest norm of the dense gradients, all together; 0 leaves them alone.
    """

    tables: Literal["lazy_adam", "sparse_adagrad"] = "lazy_adam"
    tables_learning_rate: float = Field(0.02, gt=0)
    dense: Literal["adam", "adamw", "adagrad", "sgd", "rmsprop"] = "adam"
    dense_learning_rate: float = Field(0.004, gt=0)
    schedule: Literal["constant", "linear", "cosine"] = "linear"
    clip_norm: float = Field(0.0, ge=0)


class BalanceConfig(Settings):
    """How the tasks' losses are weighed against each other (section A.9); see `tfelc.losses.task_balance`."""

    strategy: Literal["fixed", "uncertainty", "dynamic", "gradnorm", "pcgrad"] = "fixed"
    temperature: float = Field(2.0, gt=0, description="of dynamic weight averaging")
    asymmetry: float = Field(1.5, ge=0, description="GradNorm's alpha")
    learning_rate: float = Field(0.025, gt=0, description="of GradNorm's weights")


class EarlyStoppingConfig(Settings):
    """Stops once the named validation metric (`<task>.<metric>`) has not improved for `patience` epochs."""

    metric: str = "mean.auc"
    patience: int = Field(2, ge=0)


class TrainingConfig(Settings):
    """How the model is trained.

    Attributes:
        checkpoint_seconds: A checkpoint is written this often inside an epoch, beside the one at its end.
        shuffle_groups: Row groups that are read and shuffled together.
        precision: `mixed_bfloat16` computes in half the width, weights stay in float32.
        steps_per_execution: Steps that TensorFlow takes before it comes back to Python; a checkpoint falls between.
        deterministic: Same seed, same machine: same bits. Costs about a quarter of the speed on two cores.
    """

    epochs: int = Field(2, ge=1)
    batch_size: int = Field(1024, ge=1)
    seed: int = Field(7, ge=0)
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    xla: bool = False
    steps_per_execution: int = Field(10, ge=1)
    deterministic: bool = True
    checkpoint_seconds: float = Field(60.0, ge=0)
    shuffle_groups: int = Field(4, ge=1)
    early_stopping: EarlyStoppingConfig = EarlyStoppingConfig()
    balance: BalanceConfig = BalanceConfig()


class Config(Settings):
    """All the settings of one run."""

    model: ModelConfig = ModelConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    training: TrainingConfig = TrainingConfig()
    tasks: dict[str, TaskSettings] = {}
