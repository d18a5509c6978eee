"""One training step of a next-item model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tfelc.lifecycle.settings.optimizer import OptimizerSettings
from tfelc.lifecycle.training.optimizers.create_optimizer import create_optimizer
from tfelc.next_item.data.batches import SequenceBatch
from tfelc.next_item.models.sequential_recommender import SequentialRecommender


class NextItemTrainer:
    """Trains a model batch by batch, and keeps the running means of the loss's terms.

    A plain `tf.function` and not `keras.Model.fit`: batches differ in length, and the step is short enough for what
    `fit` does around it to show.

    Args:
        model: SequentialRecommender. The model.
        optimizer: OptimizerSettings. The optimizer's settings.
        steps: int. Steps of the whole run, without those of pre-training.
        every_position: bool. Whether batches carry a target for each position.
        positive_views: bool. Whether batches carry `positive_views`.
        pretraining_steps: int. Steps of pre-training, with an optimizer of its own. Defaults to 0.

    Attributes:
        model: The model.
        optimizer: Adam, or AdamW where there is weight decay.
    """

    def __init__(
        self,
        model: SequentialRecommender,
        optimizer: OptimizerSettings,
        steps: int,
        every_position: bool,
        positive_views: bool,
        pretraining_steps: int = 0,
    ) -> None:
        self.model = model
        self._variables = model.trainable_variables
        self.optimizer = create_optimizer(optimizer, steps, self._variables)
        self._pretraining_optimizer = None
        if pretraining_steps:
            self._pretraining_optimizer = create_optimizer(optimizer, pretraining_steps, self._variables)
        self._positive_views = positive_views
        histories = tf.TensorSpec([None, None], tf.int32)
        signature = [histories, histories if every_position else tf.TensorSpec([None], tf.int32)]
        signature += [histories] if positive_views else []
        # No branch goes by a tensor, and AutoGraph would take as long to read the code as TensorFlow to run it once.
        self._step = tf.function(self._train, input_signature=signature, autograph=False)
        self._pretraining_step = tf.function(self._pretrain, input_signature=signature, autograph=False)
        self._sums: dict[str, Any] = {}
        self._steps = 0

    @property
    def optimizer_variables(self) -> list[Any]:
        """The variables of the optimizer, and of that of pre-training if there is one."""
        pretraining = [] if self._pretraining_optimizer is None else self._pretraining_optimizer.variables
        return [*self.optimizer.variables, *pretraining]

    def step(self, batch: SequenceBatch, pretraining: bool = False) -> None:
        """Trains, or pre-trains, on one batch."""
        step = self._pretraining_step if pretraining else self._step
        terms = step(batch.items, batch.targets, *([batch.positive_views] if self._positive_views else []))
        for name, value in terms.items():
            self._sums[name] = self._sums[name] + value if self._steps else value
        self._steps += 1

    def losses(self) -> dict[str, float]:
        """The mean of each term as it enters the loss, and of their sum, since the last call of `reset`."""
        means = {name: float(value) / self._steps for name, value in self._sums.items()}
        return {"loss": sum(means.values()), **means}

    def reset(self) -> None:
        """Starts new means."""
        self._sums, self._steps = {}, 0

    def state(self) -> dict[str, Any]:
        """The running means as JSON takes them, to the bit."""
        return {"steps": self._steps, "sums": {name: float(value) for name, value in self._sums.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes up what `state` gave."""
        self._steps = state["steps"]
        self._sums = {name: tf.constant(value, tf.float32) for name, value in state["sums"].items()}

    def _train(self, *batch: Any) -> dict[str, Any]:
        return self._stepped(self.model.compute_loss, self.optimizer, batch)

    def _pretrain(self, *batch: Any) -> dict[str, Any]:
        return self._stepped(self.model.compute_pretraining_loss, self._pretraining_optimizer, batch)

    def _stepped(self, compute_loss: Callable[..., dict[str, Any]], optimizer: Any, batch: Sequence[Any]) -> Any:
        with tf.GradientTape() as tape:
            terms = compute_loss(*batch)
            loss = sum(terms.values())
        gradients = tape.gradient(loss, [variable.value for variable in self._variables])
        pairs = list(zip(gradients, self._variables, strict=True))
        if self._pretraining_optimizer is not None:
            # What one of the two phases alone moves has no gradient in the other.
            pairs = [pair for pair in pairs if pair[0] is not None]
        optimizer.apply(*zip(*pairs, strict=True))
        return terms
