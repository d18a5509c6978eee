"""What every block of an encoder of histories has around its way of mixing positions."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any

_INITIALIZER_STDDEV = 0.02


class ResidualBlock(keras.layers.Layer):
    """Mixes positions, then runs each through a feed-forward network, with residuals and layer normalization after.

    `x = norm(x + dropout(mixed))`, then `x = norm(x + dropout(W_2 gelu(W_1 x)))`. A subclass calls `checked_width` and
    `build_branches` in its `build` and `add_branches` at the end of its `call`.

    Args:
        num_heads: int. Number of heads; they share the input's width.
        inner_dim: int. Width of the feed-forward network's inside.
        dropout: float. Dropout of both branches' outputs. Defaults to 0.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        ValueError: There is no head, or the width is no multiple of their number.

    Example:
        >>> class Shift(ResidualBlock):
        ...     def build(self, input_shape):
        ...         self.build_branches(self.checked_width(input_shape), "shift_norm")
        ...
        ...     def call(self, inputs, training=None):
        ...         return self.add_branches(inputs, ops.roll(inputs, 1, axis=1), training)
        >>> tuple(Shift(num_heads=2, inner_dim=8)(ops.ones((3, 5, 4))).shape)
        (3, 5, 4)
    """

    def __init__(self, num_heads: int, inner_dim: int, dropout: float = 0.0, **kwargs: Any) -> None:
        """See the class."""
        super().__init__(**kwargs)
        if num_heads < 1:
            raise ValueError(f"`num_heads` must be at least 1. Received: num_heads={num_heads}")
        self.num_heads = num_heads
        self.inner_dim = inner_dim
        self.dropout = dropout

    def checked_width(self, input_shape: tuple[int | None, ...]) -> int:
        """The input's width; raises ValueError where the heads cannot share it."""
        dim = input_shape[-1]
        if dim is None or dim % self.num_heads:
            raise ValueError(f"the input's width must be a multiple of num_heads={self.num_heads}. Received: {dim}")
        return dim

    def build_branches(self, dim: int, mixing_norm: str) -> None:
        """Makes the feed-forward network, the norms and the dropout.

        Args:
            dim: int. The input's width.
            mixing_norm: str. Name of the norm behind the mixing of positions.
        """
        self.inner_kernel, self.inner_bias = self.projection("inner", dim, self.inner_dim)
        self.outer_kernel, self.outer_bias = self.projection("outer", self.inner_dim, dim)
        policy = self.dtype_policy
        self.mixing_norm = keras.layers.LayerNormalization(epsilon=1e-12, dtype=policy, name=mixing_norm)
        self.feed_forward_norm = keras.layers.LayerNormalization(epsilon=1e-12, dtype=policy, name="feed_forward_norm")
        for norm in (self.mixing_norm, self.feed_forward_norm):
            norm.build((None, None, dim))
        self.branch_dropout = keras.layers.Dropout(self.dropout, dtype=policy)

    def add_branches(self, residual: Tensor, mixed: Tensor, training: bool | None) -> Tensor:
        """The block's output, of what it was given and of what the mixing made of it, `(..., dim)` both."""
        hidden = self.mixing_norm(residual + self.branch_dropout(mixed, training=training))
        inner = ops.gelu(ops.matmul(hidden, self.inner_kernel) + self.inner_bias, approximate=False)
        outer = ops.matmul(inner, self.outer_kernel) + self.outer_bias
        return self.feed_forward_norm(hidden + self.branch_dropout(outer, training=training))

    def projection(self, name: str, rows: int, columns: int, bias: bool = True) -> tuple[Any, Any]:
        """A kernel of small random numbers, `(rows, columns)`, and a bias, None where there is to be none."""
        normal = keras.initializers.RandomNormal(stddev=_INITIALIZER_STDDEV)
        kernel = self.add_weight(shape=(rows, columns), initializer=normal, name=f"{name}_kernel")
        return kernel, self.add_weight(shape=(columns,), initializer="zeros", name=f"{name}_bias") if bias else None

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "inner_dim": self.inner_dim,
            "dropout": self.dropout,
        }
