"""The positions of a history -> one vector for each of several intentions."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

Tensor = Any

_MASKED = -1e9


@keras.saving.register_keras_serializable(package="tfelc")
class IntentionHeads(keras.layers.Layer):
    """Sums the positions `z_i` of a history once for each intention `k`, by whose intention each position is.

    - Clustering: `p(k|i) = softmax_k(<norm_1(z_i), norm_2(c_k)> / sqrt(dim))`, with learned prototypes `c`.
    - Weighting: `p(i) = softmax_i(<key_i, query> / sqrt(dim))`, with `key_i = k_i + relu(W k_i + b)`, `k_i =
      norm_3(z_i + a_i)` and `query = norm_4(b' + z_t + a_t)`, `a` being learned by the distance from the last one, `t`.
    - Aggregation: `norm_5(bias_k + sum_i p(k|i) p(i) z_i)`. What came before a moment and what came after have biases
      of their own.

    Args:
        num_heads: int. Number of intentions.
        max_length: int. Longest history.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor of shape `(batch, length, dim)`.
        valid: Bool tensor of shape `(batch, length)`; False at a pad, on the left.
        future: bool. Whether the positions are what came after, latest first. Defaults to False.

    Returns:
        Tensor of shape `(batch, num_heads, dim)`.

    Raises:
        ValueError: There is no head.

    Example:
        >>> heads = IntentionHeads(num_heads=3, max_length=5)
        >>> valid = ops.convert_to_tensor([[False, True, True, True]] * 2)
        >>> tuple(heads(ops.ones((2, 4, 8)), valid).shape)
        (2, 3, 8)

    Source: DSSRec (Ma et al., 2020), the intention-disentangled encoder.
    """

    def __init__(self, num_heads: int, max_length: int, **kwargs: Any) -> None:
        """See the class."""
        super().__init__(**kwargs)
        if num_heads < 1:
            raise ValueError(f"`num_heads` must be at least 1. Received: num_heads={num_heads}")
        self.num_heads = num_heads
        self.max_length = max_length

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the prototypes, the biases, the key's network and the norms."""
        dim = input_shape[-1]
        assert dim is not None
        normal = keras.initializers.RandomNormal(stddev=dim**-0.5)
        self.prototypes = self.add_weight(shape=(self.num_heads, dim), initializer=normal, name="prototypes")
        self.past_bias = self.add_weight(shape=(self.num_heads, dim), initializer=normal, name="past_bias")
        self.future_bias = self.add_weight(shape=(self.num_heads, dim), initializer=normal, name="future_bias")
        self.positions = self.add_weight(shape=(self.max_length, dim), initializer="zeros", name="positions")
        self.query_bias = self.add_weight(shape=(dim,), initializer="zeros", name="query_bias")
        self.key = keras.layers.Dense(dim, activation="relu", dtype=self.dtype_policy, name="key")
        self.key.build((None, None, dim))
        self.position_norm, self.prototype_norm, self.key_norm, self.query_norm, self.head_norm = (
            keras.layers.LayerNormalization(epsilon=1e-12, dtype=self.dtype_policy, name=name)
            for name in ("position_norm", "prototype_norm", "key_norm", "query_norm", "head_norm")
        )
        for norm in (self.position_norm, self.prototype_norm, self.key_norm, self.query_norm, self.head_norm):
            norm.build((None, dim))

    def call(self, inputs: Tensor, valid: Tensor, future: bool = False) -> Tensor:
        """The heads."""
        scale = math.sqrt(inputs.shape[-1])
        prototypes = ops.transpose(self.prototype_norm(self.prototypes))
        of_intention = ops.softmax(ops.matmul(self.position_norm(inputs), prototypes) / scale, axis=-1)
        positions = ops.flip(self.positions[: ops.shape(inputs)[1]], axis=0)
        keys = self.key_norm(inputs + positions)
        keys = keys + self.key(keys)
        query = self.query_norm(self.query_bias + inputs[:, -1] + self.positions[0])
        weights = ops.matmul(keys, query[:, :, None])[:, :, 0] / scale
        weights = ops.softmax(ops.where(valid, weights, _MASKED), axis=-1)
        shares = ops.transpose(of_intention * weights[:, :, None], (0, 2, 1))
        bias = self.future_bias if future else self.past_bias
        # The sum first: Keras would take it for a bias of the biases where batch and heads are 1, and lose a dimension.
        return self.head_norm(ops.matmul(shares, inputs) + bias)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "num_heads": self.num_heads, "max_length": self.max_length}
