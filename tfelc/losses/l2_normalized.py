"""Rows of length 1."""

from __future__ import annotations

from typing import Any

from keras import ops

Tensor = Any


def l2_normalized(rows: Tensor) -> Tensor:
    """The rows divided by their lengths; a row of zeros stays, with a gradient of 1.

    Keras's own `normalize` has a gradient there that is not a number.

    Args:
        rows: Tensor. `(..., dim)`.

    Returns:
        Tensor of the same shape.

    Example:
        >>> l2_normalized(ops.convert_to_tensor([[3.0, 4.0], [0.0, 0.0]])).numpy().tolist()
        [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    squares = ops.sum(ops.square(rows), axis=-1, keepdims=True)
    return rows * ops.rsqrt(ops.where(squares > 1e-30, squares, 1.0))
