"""One block of a Transformer over a sequence that is padded on the left."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from tfelc.layers.residual_block import ResidualBlock

Tensor = Any

_MASKED = -1e9


@keras.saving.register_keras_serializable(package="tfelc")
class TransformerBlock(ResidualBlock):
    """Self-attention, causal or not, and a feed-forward network, each with a residual and layer normalization after it.

    `x = norm(x + dropout(attention(x)))`, then `x = norm(x + dropout(W_2 gelu(W_1 x)))`.

    With `last_only` the output is that of the last position alone, equal to the last row of the full one. Its
    attention never makes the keys and values: the query is taken through the keys' kernel and the mixture of the inputs
    through the values', so that a position costs `2 heads dim` multiplications and not `2 dim^2` (64 against 2,048
    times `dim` for two heads of 32).

    Args:
        num_heads: int. Number of attention heads; they share the input's width.
        inner_dim: int. Width of the feed-forward network's inside.
        dropout: float. Dropout of both branches' outputs. Defaults to 0.
        attention_dropout: float. Dropout of the attention weights. Defaults to 0.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor of shape `(batch, length, dim)`.
        valid: Bool tensor of shape `(batch, length)`; False at a pad, which nothing attends to.
        last_only: bool. Whether only the last position is wanted. Defaults to False.
        causal: bool. Whether a position attends to none after it. Defaults to True.

    Returns:
        Tensor of shape `(batch, length, dim)`, or `(batch, dim)` with `last_only`. Rows of pads carry nothing
        meaningful.

    Raises:
        ValueError: There is no head, or the width is no multiple of their number.

    Example:
        >>> block = TransformerBlock(num_heads=2, inner_dim=16)
        >>> rows, valid = ops.ones((3, 5, 4)), ops.convert_to_tensor([[False, False, True, True, True]] * 3)
        >>> full, last = block(rows, valid), block(rows, valid, last_only=True)
        >>> tuple(full.shape), bool(ops.max(ops.abs(full[:, -1] - last)) < 1e-5)
        ((3, 5, 4), True)

    Source: SASRec (Kang and McAuley, 2018) in the post-norm form that ELCRec and ICLRec use.
    """

    def __init__(
        self, num_heads: int, inner_dim: int, dropout: float = 0.0, attention_dropout: float = 0.0, **kwargs: Any
    ) -> None:
        """See the class."""
        super().__init__(num_heads, inner_dim, dropout, **kwargs)
        self.attention_dropout = attention_dropout

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the projections, the norms and the dropouts."""
        dim = self.checked_width(input_shape)
        self.query_kernel, self.query_bias = self.projection("query", dim, dim)
        # The keys' bias adds the same to all scores of a query, and so nothing to their softmax: there is none.
        self.key_kernel, _ = self.projection("key", dim, dim, bias=False)
        self.value_kernel, self.value_bias = self.projection("value", dim, dim)
        self.output_kernel, self.output_bias = self.projection("output", dim, dim)
        self.build_branches(dim, "attention_norm")
        self.weights_dropout = keras.layers.Dropout(self.attention_dropout, dtype=self.dtype_policy)

    def call(
        self,
        inputs: Tensor,
        valid: Tensor,
        last_only: bool = False,
        causal: bool = True,
        training: bool | None = None,
    ) -> Tensor:
        """The block's output."""
        if last_only:
            residual, mixed = inputs[:, -1], self._attend_from_last(inputs, valid, training)
        else:
            residual, mixed = inputs, self._attend(inputs, valid, causal, training)
        mixed = ops.matmul(mixed, self.output_kernel) + self.output_bias
        return self.add_branches(residual, mixed, training)

    def initialize_at_mean(self) -> None:
        """Adds the identity to the values' and the output's kernels.

        The untrained attention, whose weights are all but even, then adds the mean of the positions to each. From small
        random kernels it adds next to nothing, and a model may learn to overlook all but the last position.
        """
        for kernel in (self.value_kernel, self.output_kernel):
            kernel.assign_add(ops.eye(kernel.shape[0], dtype=kernel.dtype))

    def _attend(self, inputs: Tensor, valid: Tensor, causal: bool, training: bool | None) -> Tensor:
        length, dim = ops.shape(inputs)[1], inputs.shape[-1]
        query = self._split(ops.matmul(inputs, self.query_kernel) + self.query_bias)
        key = self._split(ops.matmul(inputs, self.key_kernel))
        value = self._split(ops.matmul(inputs, self.value_kernel) + self.value_bias)
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) / math.sqrt(dim // self.num_heads)
        visible = valid[:, None, None, :]
        if causal:
            positions = ops.arange(length)
            visible = ops.logical_and(positions[:, None] >= positions[None, :], visible)
        weights = self.weights_dropout(self._softmax(scores, visible), training=training)
        mixed = ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3))
        return ops.reshape(mixed, (-1, length, dim))

    def _attend_from_last(self, inputs: Tensor, valid: Tensor, training: bool | None) -> Tensor:
        dim = inputs.shape[-1]
        width = dim // self.num_heads
        last = ops.matmul(inputs[:, -1], self.query_kernel) + self.query_bias
        query = ops.transpose(ops.reshape(last, (-1, self.num_heads, width)), (1, 0, 2))
        key_kernel = ops.reshape(self.key_kernel, (dim, self.num_heads, width))
        # (heads, batch, width) x (heads, width, dim): the query in the space of the inputs.
        query = ops.transpose(ops.matmul(query, ops.transpose(key_kernel, (1, 2, 0))), (1, 0, 2))
        scores = ops.matmul(query, ops.transpose(inputs, (0, 2, 1))) / math.sqrt(width)
        weights = self.weights_dropout(self._softmax(scores, valid[:, None, :]), training=training)
        mixture = ops.transpose(ops.matmul(weights, inputs), (1, 0, 2))
        value_kernel = ops.transpose(ops.reshape(self.value_kernel, (dim, self.num_heads, width)), (1, 0, 2))
        mixed = ops.transpose(ops.matmul(mixture, value_kernel), (1, 0, 2))
        # After dropout the weights no longer sum to 1, and the bias is scaled as it is in the full attention.
        total = ops.sum(weights, axis=-1, keepdims=True)
        mixed = mixed + total * ops.reshape(self.value_bias, (self.num_heads, width))
        return ops.reshape(mixed, (-1, dim))

    def _split(self, rows: Tensor) -> Tensor:
        """`(batch, length, dim)` -> `(batch, heads, length, dim / heads)`."""
        length, dim = ops.shape(rows)[1], rows.shape[-1]
        return ops.transpose(ops.reshape(rows, (-1, length, self.num_heads, dim // self.num_heads)), (0, 2, 1, 3))

    def _softmax(self, scores: Tensor, visible: Tensor) -> Tensor:
        # In float32, whatever the precision: a bfloat16 softmax no longer sums to 1. A large negative number instead
        # of -inf: a row of nothing but pads would else be not a number.
        scores = ops.where(visible, ops.cast(scores, "float32"), _MASKED)
        return ops.cast(ops.softmax(scores, axis=-1), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "attention_dropout": self.attention_dropout}
