"""Rows of which only the batch says how many there are."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any


def chosen_rows(chosen: Tensor, *parts: Tensor) -> list[Tensor]:
    """What tensors hold at the places of a batch that are chosen, such as those that are no pads.

    Args:
        chosen: Tensor. Anything that is not 0 or False where a place is chosen, `(batch, length)`.
        *parts: Tensor. `(batch, length)` or `(batch, length, any)`.

    Returns:
        List of Tensor, `(chosen,)` or `(chosen, any)`.

    Raises:
        NotImplementedError: Keras's backend is JAX, which compiles for shapes that it knows beforehand.

    Example:
        >>> items = ops.convert_to_tensor([[0, 4], [7, 2]])
        >>> [rows.numpy().tolist() for rows in chosen_rows(items, items, 10 * items)]
        [[4, 7, 2], [40, 70, 20]]
    """
    if keras.backend.backend() == "jax":
        raise NotImplementedError(
            "a loss at some places of a sequence needs Keras's TensorFlow backend; on JAX take a model and samples "
            "with one target for each history"
        )
    places = ops.nonzero(ops.reshape(chosen, (-1,)))[0]
    return [ops.take(ops.reshape(part, (-1, *part.shape[2:])), places, axis=0) for part in parts]
