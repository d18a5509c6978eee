"""A user's own parts, one of each kind, as a package outside of tfelc would bring them.

Named in the settings as `plugins: [own_parts]`, with this folder on PYTHONPATH.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from tfelc.losses.next_item.settings import NEXT_ITEM_LOSSES, NextItemLossSettings
from tfelc.losses.task_balance.settings import TASK_BALANCES, TaskBalanceSettings
from tfelc.next_item.model_settings.sequence_model import SEQUENCE_MODELS, SequenceModelSettings
from tfelc.ranker.architectures.expert_settings import ExpertSettings
from tfelc.ranker.architectures.multi_task_architecture import ARCHITECTURES


class EvenMixture(ExpertSettings):
    """Experts that every task mixes evenly: an architecture without gates."""

    name: Literal["even_mixture"] = "even_mixture"
    num_experts: int = Field(3, ge=1)

    def create_layer(self, num_tasks: int, dtype: Any) -> Any:
        import keras
        from keras import ops

        from tfelc.layers.experts import Experts

        class EvenMixtureLayer(keras.layers.Layer):
            def __init__(self, settings: EvenMixture, **kwargs: Any) -> None:
                super().__init__(**kwargs)
                self.settings = settings
                self.experts = Experts(settings.num_experts, settings.units, settings.dropout, dtype=self.dtype_policy)

            @property
            def shared_variables(self) -> list[Any]:
                return self.experts.trainable_variables

            def build(self, sides_shape: Any, gate_inputs_shape: Any) -> None:
                self.experts.build(sides_shape)

            def call(self, sides: Any, gate_inputs: Any, broadcast: bool = False, training: bool | None = None) -> Any:
                hidden = ops.mean(self.experts(sides, broadcast=broadcast, training=training), axis=1)
                count = self.settings.num_experts
                gates = ops.ones((ops.shape(gate_inputs)[0], num_tasks, count)) / count
                return ops.repeat(hidden[:, None], num_tasks, axis=1), gates

        return EvenMixtureLayer(self, dtype=dtype, name="experts")


class HalvedSettings(TaskBalanceSettings):
    """Every weight is halved at the end of each epoch."""

    name: Literal["halved"] = "halved"
    factor: float = Field(0.5, gt=0)

    def create(self, tasks: Sequence[str], weights: Mapping[str, float], seed: int) -> Any:
        from tfelc.losses.task_balance.task_balance import TaskBalance

        class Halved(TaskBalance):
            def __init__(self, factor: float, *arguments: Any) -> None:
                super().__init__(*arguments)
                self.factor = factor
                self.scale = self.add_weight(shape=(), initializer="ones", trainable=False, name="scale")

            def weighted(self, losses: Mapping[str, Any]) -> dict[str, Any]:
                return {task: self.scale * loss for task, loss in super().weighted(losses).items()}

            def end_epoch(self) -> None:
                self.scale.assign(self.factor * self.scale)

        return Halved(self.factor, tasks, weights)


class MarginSettings(NextItemLossSettings):
    """The target's score is to be above the mean of all scores by a margin."""

    name: Literal["margin"] = "margin"
    margin: float = Field(1.0, gt=0)

    def create(self, counts: Any, seed: int) -> Any:
        from keras import ops

        from tfelc.losses.next_item.next_item_loss import NextItemLoss

        class Margin(NextItemLoss):
            def __init__(self, margin: float, *arguments: Any) -> None:
                super().__init__(*arguments)
                self.margin = margin

            def __call__(self, vectors: Any, table: Any, targets: Any) -> Any:
                scores = ops.matmul(self.scaled(vectors), ops.transpose(self.scaled(table[1:]))) / self.temperature
                chosen = ops.take_along_axis(scores, targets[:, None] - 1, axis=1)[:, 0]
                return ops.mean(ops.relu(self.margin - chosen + ops.mean(scores, axis=1)))

        return Margin(self.margin, self.normalize, self.temperature)


class MeanOfItemsSettings(SequenceModelSettings):
    """The mean of the embeddings of a history's items."""

    name: Literal["mean_of_items"] = "mean_of_items"
    dim: int = Field(8, ge=1)

    def create(self, num_items: int, max_length: int, counts: Any, seed: int) -> Any:
        import keras

        from tfelc.next_item.models.sequential_recommender import SequentialRecommender, mean_over_items

        class MeanOfItems(SequentialRecommender):
            def __init__(self, settings: MeanOfItemsSettings, loss: Any) -> None:
                super().__init__(num_items, max_length, settings, loss, name="mean_of_items")
                self.table = keras.layers.Embedding(num_items + 1, settings.dim, name="table")
                self.table.build()
                self.add_parts(settings.dim)

            @property
            def item_embeddings(self) -> Any:
                return self.table.embeddings

            def encode(self, inputs: Any, training: bool = False) -> Any:
                return mean_over_items(self.table(inputs), inputs)

            def compute_loss(self, items: Any, targets: Any, positive_views: Any = None) -> dict[str, Any]:
                return {"next_item": self.next_item_loss(self.encode(items), self.item_embeddings, targets)}

        return MeanOfItems(self, self.loss.create(counts, seed))


ARCHITECTURES.register("even_mixture", EvenMixture)
TASK_BALANCES.register("halved", HalvedSettings)
NEXT_ITEM_LOSSES.register("margin", MarginSettings)
SEQUENCE_MODELS.register("mean_of_items", MeanOfItemsSettings)
