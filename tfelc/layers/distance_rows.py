"""What is learned of a position in a history by its distance from the end."""

from __future__ import annotations

from typing import Any

from keras import ops

Tensor = Any


def distance_rows(table: Tensor, valid: Tensor) -> Tensor:
    """The rows of a table by each position's distance from the latest one that is there, from 1; row 0 for a pad.

    Args:
        table: Tensor of shape `(max_length + 1, width)`.
        valid: Bool tensor of shape `(batch, length)`.

    Returns:
        Tensor of shape `(batch, length, width)`.

    Example:
        >>> table = ops.convert_to_tensor([[0.0], [1.0], [2.0]])
        >>> distance_rows(table, ops.convert_to_tensor([[True, False, True]]))[..., 0].numpy().tolist()
        [[2.0, 0.0, 1.0]]
    """
    there = ops.cast(valid, "int32")
    distances = ops.flip(ops.cumsum(ops.flip(there, axis=1), axis=1), axis=1)
    return ops.take(table, ops.minimum(distances, table.shape[0] - 1) * there, axis=0)
