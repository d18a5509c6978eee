"""A block of a Transformer over a history and a candidate behind it, read at the candidate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from tfelc.layers.distance_rows import distance_rows

Tensor = Any
_MASKED = -1e9


@keras.saving.register_keras_serializable(package="tfelc")
class CandidateTransformer(keras.layers.Layer):
    """One block over `[history, candidate]`, read at the candidate.

    `x = norm(c + attention(c, [history, c]))`, then `norm(x + W_2 gelu(W_1 x))`. No position of the history attends to
    another one, so that time is linear in the length. Keys and values of the history know nothing of the candidate; of
    one user with many candidates they are computed once. Positions are learned by the distance from the candidate.

    Args:
        max_length: int. Longest history.
        dim: int. Width of the block. Defaults to 32.
        num_heads: int. Attention heads, which share the width. Defaults to 2.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: As of `TargetAttention`; `aligned` is not looked at.

    Returns:
        Tensor of shape `(batch, dim)`.

    Raises:
        ValueError: The width is no multiple of the number of heads.

    Example:
        >>> block = CandidateTransformer(max_length=5, dim=8)
        >>> history, valid = ops.ones((1, 5, 6)), ops.ones((1, 5), dtype="bool")
        >>> tuple(block({"history": history, "valid": valid, "candidate": ops.ones((3, 4))}).shape)
        (3, 8)

    Source: BST (Chen et al., 2019), one block whose output at the candidate alone is used.
    """

    def __init__(self, max_length: int, dim: int = 32, num_heads: int = 2, **kwargs: Any) -> None:
        """See the class."""
        super().__init__(**kwargs)
        if num_heads < 1 or dim % num_heads:
            raise ValueError(f"`dim` must be a multiple of num_heads={num_heads}. Received: dim={dim}")
        self.max_length = max_length
        self.dim = dim
        self.num_heads = num_heads

    def build(self, inputs_shape: Mapping[str, Any]) -> None:
        """Makes the projections, the positions and the norms."""
        self.positions = self.add_weight(shape=(self.max_length + 1, self.dim), initializer="zeros", name="positions")
        widths = {
            "of_history": (inputs_shape["history"][-1], self.dim),
            "of_candidate": (inputs_shape["candidate"][-1], self.dim),
            "query": (self.dim, self.dim),
            "key": (self.dim, self.dim),
            "value": (self.dim, self.dim),
            "mixed": (self.dim, self.dim),
            "inner": (self.dim, 2 * self.dim),
            "outer": (2 * self.dim, self.dim),
        }
        for name, (width, units) in widths.items():
            layer = keras.layers.Dense(units, "gelu" if name == "inner" else None, dtype=self.dtype_policy, name=name)
            layer.build((None, width))
            setattr(self, name, layer)
        self.attention_norm, self.last_norm = (
            keras.layers.LayerNormalization(epsilon=1e-6, dtype=self.dtype_policy, name=name)
            for name in ("attention_norm", "last_norm")
        )
        for norm in (self.attention_norm, self.last_norm):
            norm.build((None, self.dim))

    def call(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The block's output at the candidate."""
        valid = inputs["valid"]
        history = self.of_history(inputs["history"]) + distance_rows(self.positions, valid)
        candidate = self.of_candidate(inputs["candidate"]) + self.positions[0]
        query = self._split(self.query(candidate))[:, :, None, :]
        keys, values = (ops.transpose(self._split(layer(history)), (0, 2, 1, 3)) for layer in (self.key, self.value))
        # (batch, heads, 1, length), the history's batch being 1 or that of the candidates.
        scores = ops.matmul(query, ops.transpose(keys, (0, 1, 3, 2)))[:, :, 0]
        own = ops.sum(query[:, :, 0] * self._split(self.key(candidate)), axis=-1, keepdims=True)
        # In float32, whatever the precision, as every softmax here.
        scores = ops.where(valid[:, None, :], ops.cast(scores, "float32"), _MASKED)
        scores = ops.concatenate([scores, ops.cast(own, "float32")], axis=-1) / math.sqrt(self.dim // self.num_heads)
        weights = ops.cast(ops.softmax(scores, axis=-1), values.dtype)
        mixture = ops.matmul(weights[:, :, None, :-1], values)[:, :, 0]
        mixture = mixture + weights[:, :, -1:] * self._split(self.value(candidate))
        hidden = self.attention_norm(candidate + self.mixed(ops.reshape(mixture, (-1, self.dim))))
        return self.last_norm(hidden + self.outer(self.inner(hidden)))

    def _split(self, rows: Tensor) -> Tensor:
        """`(..., dim)` -> `(..., heads, dim / heads)`."""
        shape = ops.shape(rows)[:-1]
        return ops.reshape(rows, (*shape, self.num_heads, self.dim // self.num_heads))

    def compute_output_shape(self, inputs_shape: Mapping[str, Any]) -> Any:
        """One vector for each candidate."""
        return (inputs_shape["candidate"][0], self.dim)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        names = ("max_length", "dim", "num_heads")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
