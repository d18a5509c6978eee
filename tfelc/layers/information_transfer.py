"""What an earlier task says, mixed into what a later one knows."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class InformationTransfer(keras.layers.Layer):
    """`w_p value(p) + w_q value(q)`, the weights a softmax over `<key(u), query(u)> / sqrt(dim)` of `u` in `p, q`.

    `p = relu(W z + b)` is what the earlier task hands on of its own mixture `z`, and `q` is what the later one has
    learned from the features.

    Args:
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Two float tensors of shape `(batch, dim)`: the earlier task's mixture `z`, and `q`.

    Returns:
        Tuple of the mixture, `(batch, dim)`, and the weights of `p` and `q`, float32 of shape `(batch, 2)`, which sum
        to 1.

    Example:
        >>> transfer = InformationTransfer()
        >>> mixture, weights = transfer([ops.ones((5, 4)), ops.ones((5, 4))])
        >>> tuple(mixture.shape), tuple(weights.shape)
        ((5, 4), (5, 2))

    Source: AITM (Xi et al., 2021), equations 3 to 6.
    """

    def build(self, inputs_shape: Any) -> None:
        """Makes what is handed on, and the three projections as one."""
        dim = inputs_shape[1][-1]
        self.handed_on = keras.layers.Dense(dim, "relu", dtype=self.dtype_policy, name="handed_on")
        self.handed_on.build((None, dim))
        # Each projection begins as wide apart as one of its own would.
        limit = (6.0 / (2 * dim)) ** 0.5
        self.projections = keras.layers.Dense(
            3 * dim,
            kernel_initializer=keras.initializers.RandomUniform(-limit, limit),
            dtype=self.dtype_policy,
            name="projections",
        )
        self.projections.build((None, 2, dim))

    def call(self, inputs: Any) -> tuple[Tensor, Tensor]:
        """Mixes the two."""
        earlier, own = inputs
        both = ops.stack([self.handed_on(earlier), own], axis=1)
        keys, queries, values = ops.split(self.projections(both), 3, axis=-1)
        scores = ops.sum(ops.cast(keys, "float32") * ops.cast(queries, "float32"), axis=-1)
        weights = ops.softmax(scores / math.sqrt(own.shape[-1]), axis=-1)
        return ops.sum(ops.cast(weights, values.dtype)[:, :, None] * values, axis=1), weights

    def compute_output_shape(self, inputs_shape: Any) -> Any:
        """Shapes of the mixture and of the weights."""
        return inputs_shape[1], (inputs_shape[1][0], 2)
