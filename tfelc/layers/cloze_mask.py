"""Items of a sequence that are hidden, to be told by the others."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class ClozeMask(keras.layers.Layer):
    """Hides a share of each sequence's items, or, for some sequences, the last one alone.

    Of `n` items `share n` are hidden, rounded, at least one.

    Args:
        mask_item: int. The number that stands for a hidden item.
        share: float. Share of the items that are hidden. Defaults to 0.2.
        last_share: float. Share of the sequences of which the last item alone is hidden. Defaults to 0.1.
        seed: int or None. Seed of the draws. Defaults to None.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Int32 tensor of shape `(batch, length)`, padded with 0 on the left.

    Returns:
        Int32 tensor of the same shape, and a bool tensor of it, True where an item is hidden.

    Raises:
        ValueError: `share` lies outside (0, 1), or `last_share` outside [0, 1].

    Example:
        >>> cloze = ClozeMask(mask_item=9, share=0.4, last_share=0.5, seed=3)
        >>> cloze(ops.convert_to_tensor([[0, 1, 2, 3, 4, 5]] * 3))[0].numpy().tolist()
        [[0, 1, 2, 3, 4, 9], [0, 9, 9, 3, 4, 5], [0, 1, 2, 9, 9, 5]]

    Source: BERT4Rec (Sun et al., 2019), section 3.6.
    """

    def __init__(
        self, mask_item: int, share: float = 0.2, last_share: float = 0.1, seed: int | None = None, **kwargs: Any
    ) -> None:
        """See the class."""
        super().__init__(**{**kwargs, "dtype": "float32"})
        if not 0 < share < 1:
            raise ValueError(f"`share` must lie between 0 and 1. Received: share={share}")
        if not 0 <= last_share <= 1:
            raise ValueError(f"`last_share` must lie in [0, 1]. Received: last_share={last_share}")
        self.mask_item = mask_item
        self.share = share
        self.last_share = last_share
        self.seed = seed
        self._draws = keras.random.SeedGenerator(seed)

    def call(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """The sequences with hidden items, and where these are."""
        batch, length = ops.shape(inputs)[0], ops.shape(inputs)[1]
        last_only = keras.random.uniform((batch, 1), seed=self._draws) < self.last_share
        order = keras.random.uniform((batch, length), seed=self._draws)
        real = ops.not_equal(inputs, 0)
        # Pads come last, so that the first places all are items.
        place = ops.argsort(ops.argsort(ops.where(real, order, 2.0), axis=1), axis=1)
        items = ops.sum(ops.cast(real, "float32"), axis=1, keepdims=True)
        count = ops.maximum(ops.cast(ops.floor(self.share * items + 0.5), "int32"), 1)
        at_the_end = ops.arange(length)[None, :] == length - 1
        hidden = ops.logical_and(ops.where(last_only, at_the_end, ops.cast(place, "int32") < count), real)
        return ops.where(hidden, ops.cast(self.mask_item, inputs.dtype), inputs), hidden

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "mask_item": self.mask_item,
            "share": self.share,
            "last_share": self.last_share,
            "seed": self.seed,
        }
