"""A ranker that Keras's own `fit` trains from arrays, on JAX as on TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from tfelc.losses.task_losses import task_losses
from tfelc.ranker.models.multi_task_model import MultiTaskModel
from tfelc.schema.schema import Schema
from tfelc.schema.task_chain import select_tasks

Tensor = Any


class RankerArrayTrainer(keras.Model):
    """Trains a ranker by `compile` and `fit`, from arrays of what a `FeatureLookup` would give.

    It needs no TensorFlow where Keras's backend is another, so it has nothing of what a training of `tfelc train` has
    beside its step: no raw values, no sparse updates of the embedding tables, no balance of the losses but the weights
    of the schema, no checkpoints.

    Args:
        ranker: MultiTaskModel. The model.
        schema: Schema, or its dictionary. Where the tasks stand.
        **kwargs: Arguments of `keras.Model`.

    Call arguments:
        inputs: Mapping of layout key to array, `(batch, ...)`; see `tfelc.features.layout.Layout`.

    Returns:
        Task -> logits, `(batch,)`. The labels of `fit` are a mapping of task to 0 and 1, of any type, `(batch,)`, those
        of tasks that another one is conditioned on, or whose negatives are sampled, among them; its sample weights are
        one for each row.

    Example:
        >>> import numpy as np
        >>> columns = {"clicked": {"kind": "label"}, "visits": {"kind": "number", "role": "activity"}}
        >>> schema = {"name": "shop", "columns": columns, "tasks": {"ctr": {"label": "clicked"}}}
        >>> numbers = {"visits": {"mean": 2.0, "variance": 1.0, "missing": False}}
        >>> ranker = MultiTaskModel(schema, numbers, {}, ["ctr"], {"clusters": {"num_clusters": 3}})
        >>> trainer = RankerArrayTrainer(ranker, schema)
        >>> trainer.compile(keras.optimizers.Adam(0.01))
        >>> visits = np.arange(64, dtype="float32").reshape(-1, 1) % 5
        >>> history = trainer.fit({"activity_numbers": visits}, {"ctr": visits[:, 0] > 2}, epochs=8, verbose=0).history
        >>> history["loss"][-1] < history["loss"][0]
        True
    """

    def __init__(self, ranker: MultiTaskModel, schema: Schema | dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ranker = ranker
        self._trained_tasks = select_tasks(Schema.model_validate(schema), ranker.tasks, {})

    def call(self, inputs: Mapping[str, Tensor], training: bool | None = None) -> dict[str, Tensor]:
        """The logits."""
        logits: dict[str, Tensor] = self.ranker(inputs, training=training)["logits"]
        return logits

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool | None = True
    ) -> Tensor:
        """The weighted sum of the tasks' losses, and the clusters' loss."""
        labels = {task: ops.cast(values, "float32") for task, values in y.items()}
        losses = task_losses(self._trained_tasks, labels, y_pred, sample_weight)
        return sum((self._trained_tasks[task].weight * loss for task, loss in losses.items()), sum(self.losses))
