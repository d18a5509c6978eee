"""A second look at a history: cropped, masked or reordered."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class SequenceAugmentation(keras.layers.Layer):
    """Augments each history by one of three operations, drawn with equal chance.

    - crop keeps `floor(crop n)` items in a row, at least one, from a random place on;
    - mask replaces `floor(mask n)` random items by the mask item;
    - reorder shuffles `floor(reorder n)` items in a row, from a random place on,

    with `n` the history's items. Pads stay on the left and never count.

    Args:
        mask_item: int. The number of the mask item.
        crop: float. Share that is kept. Defaults to 0.2.
        mask: float. Share that is masked. Defaults to 0.7.
        reorder: float. Share that is shuffled. Defaults to 0.2.
        seed: int or None. Seed of the draws. Defaults to None.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Int32 tensor of shape `(batch, length)`, padded with 0 on the left.

    Returns:
        Int32 tensor of the same shape.

    Raises:
        ValueError: A share lies outside [0, 1].

    Example:
        >>> augmentation = SequenceAugmentation(mask_item=9, crop=0.6, mask=0.4, reorder=0.6, seed=4)
        >>> augmentation(ops.convert_to_tensor([[0, 1, 2, 3, 4, 5]] * 3)).numpy().tolist()
        [[0, 0, 0, 1, 2, 3], [0, 1, 2, 9, 9, 5], [0, 1, 2, 5, 3, 4]]

    Source: ELCRec, section 3.4.3, with the operations and shares of CL4SRec (Xie et al., 2022).
    """

    def __init__(
        self,
        mask_item: int,
        crop: float = 0.2,
        mask: float = 0.7,
        reorder: float = 0.2,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        """See the class."""
        super().__init__(**{**kwargs, "dtype": "float32"})
        for name, share in (("crop", crop), ("mask", mask), ("reorder", reorder)):
            if not 0 <= share <= 1:
                raise ValueError(f"`{name}` must lie in [0, 1]. Received: {name}={share}")
        self.mask_item = mask_item
        self.crop = crop
        self.mask = mask
        self.reorder = reorder
        self.seed = seed
        self._draws = keras.random.SeedGenerator(seed)

    def call(self, inputs: Tensor) -> Tensor:
        """One augmented view of each history."""
        batch, length = ops.shape(inputs)[0], ops.shape(inputs)[1]
        chosen = keras.random.randint((batch, 1), 0, 3, seed=self._draws)
        # Both draws of an operation: where its window begins, and an order of the positions.
        begin = keras.random.uniform((batch, 1), seed=self._draws)
        order = keras.random.uniform((batch, length), seed=self._draws)
        masked = mask_items(inputs, self.mask, order, self.mask_item)
        moved = reorder_window(inputs, self.reorder, begin, order)
        return ops.where(chosen == 0, crop_window(inputs, self.crop, begin), ops.where(chosen == 1, masked, moved))

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "mask_item": self.mask_item,
            "crop": self.crop,
            "mask": self.mask,
            "reorder": self.reorder,
            "seed": self.seed,
        }


def crop_window(items: Tensor, share: float, begin: Tensor) -> Tensor:
    """Keeps a window of each history, moved to the right end.

    Args:
        items: Tensor. Int32, `(batch, length)`, padded with 0 on the left.
        share: float. `max(1, floor(share n))` items are kept.
        begin: Tensor. `(batch, 1)` in [0, 1): where the window begins, as a share of the places where it may.

    Example:
        >>> crop_window(ops.convert_to_tensor([[0, 1, 2, 3, 4, 5]]), 0.6, ops.convert_to_tensor([[0.5]])).numpy()
        array([[0, 0, 0, 2, 3, 4]], dtype=int32)
    """
    length = ops.shape(items)[1]
    count, kept = _counts(items), ops.maximum(_floor_share(items, share), 1)
    first = length - count + _first(count, kept, begin)
    column = ops.arange(length)[None, :]
    source = first + kept - (length - column)
    taken = ops.take_along_axis(items, ops.clip(source, 0, length - 1), axis=1)
    return ops.where(column >= length - kept, taken, 0)


def mask_items(items: Tensor, share: float, order: Tensor, mask_item: int) -> Tensor:
    """Replaces the `floor(share n)` items that come first in an order by the mask item.

    Args:
        items: Tensor. Int32, `(batch, length)`, padded with 0 on the left.
        share: float. Share of the items that are masked.
        order: Tensor. `(batch, length)`; the places of the smallest values come first.
        mask_item: int. The number of the mask item.

    Example:
        >>> order = ops.convert_to_tensor([[0.0, 0.9, 0.1, 0.5, 0.2]])
        >>> mask_items(ops.convert_to_tensor([[0, 1, 2, 3, 4]]), 0.5, order, mask_item=9).numpy()
        array([[0, 1, 9, 3, 9]], dtype=int32)
    """
    # Pads come last, so that the first places all are items.
    place = ops.argsort(ops.argsort(ops.where(items == 0, 2.0, order), axis=1), axis=1)
    return ops.where(place < _floor_share(items, share), ops.cast(mask_item, items.dtype), items)


def reorder_window(items: Tensor, share: float, begin: Tensor, order: Tensor) -> Tensor:
    """Sorts a window of each history by an order.

    Args:
        items: Tensor. Int32, `(batch, length)`, padded with 0 on the left.
        share: float. `floor(share n)` items are sorted.
        begin: Tensor. `(batch, 1)` in [0, 1): where the window begins, as a share of the places where it may.
        order: Tensor. `(batch, length)` in [0, 1), what the items are sorted by.

    Example:
        >>> begin, order = ops.convert_to_tensor([[0.9]]), ops.convert_to_tensor([[0.0, 0.3, 0.5, 0.9, 0.1]])
        >>> reorder_window(ops.convert_to_tensor([[0, 1, 2, 3, 4]]), 0.75, begin, order).numpy()
        array([[0, 1, 4, 2, 3]], dtype=int32)
    """
    length = ops.shape(items)[1]
    count, moved = _counts(items), _floor_share(items, share)
    first = length - count + _first(count, moved, begin)
    column = ops.arange(length)[None, :]
    inside = ops.logical_and(column >= first, column < first + moved)
    # Inside the window the keys lie between those of its neighbors, so that sorting leaves all others in place.
    window = ops.cast(first, "float32") - 0.5 + order * ops.cast(moved, "float32")
    keys = ops.where(inside, window, ops.cast(column, "float32"))
    return ops.take_along_axis(items, ops.argsort(keys, axis=1), axis=1)


def _counts(items: Tensor) -> Tensor:
    return ops.sum(ops.cast(items != 0, "int32"), axis=1, keepdims=True)


def _floor_share(items: Tensor, share: float) -> Tensor:
    # A hair above, since 0.7 of 10 is 6.999... in float32.
    return ops.cast(ops.floor(ops.cast(_counts(items), "float32") * share + 1e-4), "int32")


def _first(count: Tensor, width: Tensor, begin: Tensor) -> Tensor:
    choices = ops.cast(ops.maximum(count - width, 0) + 1, "float32")
    return ops.cast(ops.floor(begin * choices), "int32")
