"""A next-item model that Keras's own `fit` trains from arrays, on JAX as on TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from tfelc.next_item.models.sequential_recommender import SequentialRecommender

Tensor = Any


class NextItemArrayTrainer(keras.Model):
    """Trains a next-item model by `compile` and `fit`, from arrays of histories and of what followed them.

    It needs no TensorFlow where Keras's backend is another; see `RankerArrayTrainer`.

    Args:
        recommender: SequentialRecommender. The model.
        **kwargs: Arguments of `keras.Model`.

    Call arguments:
        inputs: Mapping of `items`, int32 `(batch, length)`, padded with 0 on the left, and `targets`, int32 `(batch,)`;
            and `positive_views`, int32 `(batch, other length)`, for a model that uses them.

    Returns:
        The terms of the loss, name -> scalar.

    Example:
        >>> import numpy as np
        >>> from tfelc.next_item.model_settings.sasrec import SASRecSettings
        >>> model = SASRecSettings(encoder={"dim": 8}).create(num_items=9, max_length=4, counts=np.ones(9), seed=0)
        >>> trainer = NextItemArrayTrainer(model)
        >>> trainer.compile(keras.optimizers.Adam(0.01))
        >>> last = np.arange(36) % 9 + 1
        >>> inputs = {"items": np.stack([0 * last, last], axis=1), "targets": last % 9 + 1}
        >>> losses = trainer.fit(inputs, epochs=5, verbose=0).history["loss"]
        >>> losses[-1] < losses[0]
        True
    """

    def __init__(self, recommender: SequentialRecommender, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.recommender = recommender

    def call(self, inputs: Mapping[str, Tensor], training: bool | None = None) -> dict[str, Tensor]:
        """The terms of the loss."""
        return self.recommender.compute_loss(inputs["items"], inputs["targets"], inputs.get("positive_views"))

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool | None = True
    ) -> Tensor:
        """The sum of the terms."""
        return sum(y_pred.values())
