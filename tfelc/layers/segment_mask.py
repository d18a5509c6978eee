"""A segment of a history that is hidden, to be told by the rest."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class SegmentMask(keras.layers.Layer):
    """Hides some items in a row of each history, at least one and at most half of them, from a random place on.

    Args:
        mask_item: int. The number that stands for a hidden item.
        seed: int or None. Seed of the draws. Defaults to None.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Int32 tensor of shape `(batch, length)`, padded with 0 on the left.

    Returns:
        Two int32 tensors of the same shape: the histories with their segments hidden, and the segments, padded with 0
        on the left. Of a history of one item that is the segment.

    Example:
        >>> segments = SegmentMask(mask_item=9, seed=1)
        >>> rest, hidden = segments(ops.convert_to_tensor([[0, 1, 2, 3, 4, 5]] * 2))
        >>> rest.numpy().tolist(), hidden.numpy().tolist()
        ([[0, 1, 2, 9, 9, 5], [0, 1, 9, 3, 4, 5]], [[0, 0, 0, 0, 3, 4], [0, 0, 0, 0, 0, 2]])

    Source: S3-Rec (Zhou et al., 2020), segment prediction.
    """

    def __init__(self, mask_item: int, seed: int | None = None, **kwargs: Any) -> None:
        """See the class."""
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.mask_item = mask_item
        self.seed = seed
        self._draws = keras.random.SeedGenerator(seed)

    def call(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """The histories with hidden segments, and the segments."""
        batch, length = ops.shape(inputs)[0], ops.shape(inputs)[1]
        draws = keras.random.uniform((2, batch, 1), seed=self._draws)
        items = ops.sum(ops.cast(inputs != 0, "int32"), axis=1, keepdims=True)
        hidden = 1 + _floor(draws[0], ops.maximum(items // 2, 1))
        first = length - items + _floor(draws[1], ops.maximum(items - hidden, 0) + 1)
        column = ops.arange(length)[None, :]
        inside = ops.logical_and(column >= first, column < first + hidden)
        rest = ops.where(ops.logical_and(inside, inputs != 0), ops.cast(self.mask_item, inputs.dtype), inputs)
        source = ops.clip(first + hidden - (length - column), 0, length - 1)
        segments = ops.where(column >= length - hidden, ops.take_along_axis(inputs, source, axis=1), 0)
        return rest, segments

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "mask_item": self.mask_item, "seed": self.seed}


def _floor(draw: Tensor, choices: Tensor) -> Tensor:
    """A number from 0 to below `choices`, by a draw in [0, 1)."""
    return ops.cast(ops.floor(draw * ops.cast(choices, "float32")), "int32")
