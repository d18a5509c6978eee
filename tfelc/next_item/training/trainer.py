"""One training step of a next-item model."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfelc.lifecycle.training.optimizers import learning_rate
from tfelc.next_item.data.batches import SequenceBatch
from tfelc.next_item.models.elcrec import ELCRec
from tfelc.next_item.settings import SequenceTrainingConfig


class SequenceTrainer:
    """Trains a model batch by batch, and keeps the running means of the loss's terms.

    A plain `tf.function` and not `keras.Model.fit`: batches differ in length, and the step is short enough for what
    `fit` does around it to show.

    Args:
        model: The model.
        config: Settings.
        batches: Batches an epoch.
        every_position: Whether batches carry a target a position.
        positive_views: Whether batches carry positive_views.

    Attributes:
        optimizer: Adam, or AdamW where there is weight decay.
    """

    def __init__(
        self, model: ELCRec, config: SequenceTrainingConfig, batches: int, every_position: bool, positive_views: bool
    ) -> None:
        self.model = model
        self._variables = model.trainable_variables
        self.optimizer = _optimizer(config, batches * config.epochs, self._variables)
        self.optimizer.build(self._variables)
        self._positive_views = positive_views
        histories = tf.TensorSpec([None, None], tf.int32)
        signature = [histories, histories if every_position else tf.TensorSpec([None], tf.int32)]
        self._step = tf.function(self._train, input_signature=[*signature, *([histories] if positive_views else [])])
        self._sums: dict[str, Any] = {}
        self._steps = 0

    def step(self, batch: SequenceBatch) -> None:
        """Trains on one batch."""
        terms = self._step(batch.items, batch.targets, *([batch.positive_views] if self._positive_views else []))
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

    def _train(self, items: Any, targets: Any, positive_views: Any = None) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            terms = self.model.compute_losses(items, targets, positive_views)
            loss = sum(terms.values())
        gradients = tape.gradient(loss, [variable.value for variable in self._variables])
        self.optimizer.apply(gradients, self._variables)
        return terms


def _optimizer(config: SequenceTrainingConfig, steps: int, variables: list[Any]) -> Any:
    rate = learning_rate(config.learning_rate, config.schedule, steps)
    clip = config.clip_norm or None
    if not config.weight_decay:
        return keras.optimizers.Adam(rate, global_clipnorm=clip)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=config.weight_decay, global_clipnorm=clip)
    # Biases and norms, and by their shapes, since Keras knows a norm's weights as `gamma` and `beta` alone.
    optimizer.exclude_from_weight_decay(var_list=[variable for variable in variables if len(variable.shape) == 1])
    return optimizer
