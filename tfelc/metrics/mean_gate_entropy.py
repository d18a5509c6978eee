"""How decided a gate is, as a Keras metric."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class MeanGateEntropy(keras.metrics.Mean):
    """Mean entropy in nats of a gate's weights over the rows since the last reset.

    `-1/n sum_i sum_e w_ie log w_ie`, with `0 log 0 = 0`: 0 where each row picks one expert, `log(experts)` where all
    weigh alike.

    Example:
        >>> metric = MeanGateEntropy()
        >>> metric.update_state(ops.array([[0.5, 0.5], [1.0, 0.0]]))
        >>> round(float(metric.result()), 4)
        0.3466
    """

    def update_state(self, weights: Tensor) -> None:
        """Adds a batch of weights, `(batch, experts)`, rows that sum to 1."""
        weights = ops.cast(weights, "float32")
        super().update_state(-ops.sum(weights * ops.log(ops.maximum(weights, 1e-30)), axis=-1))
