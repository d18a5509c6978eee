"""Item numbers -> embeddings: what every encoder of the users' histories has in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import keras
from keras import ops

from tfelc.layers.item_features import ItemFeatures

Tensor = Any

_INITIALIZER_STDDEV = 0.02


class HistoryEncoder(keras.layers.Layer):
    """Embeds items and their positions; a subclass makes the `blocks` that run through them, and calls them.

    Positions are counted from the end of the history (the last item is at 0), so that a batch need only be as wide as
    its longest history. For histories padded on the left to `max_length` they are the absolute positions of SASRec.

    Args:
        num_items: int. Items of the catalog. Number 0 is padding, 1 to `num_items` are items, `num_items + 1` is the
            mask of an augmented view.
        max_length: int. Longest history, in items.
        dim: int. Width of the embeddings.
        num_layers: int. Number of blocks.
        num_heads: int. Number of heads of a block.
        dropout: float. Dropout of the embeddings and of the blocks' branches.
        has_item_features: bool. Whether items are more than their numbers: `item_features` is then to be filled before
            the first call.
        **kwargs: Arguments of `keras.layers.Layer`.

    Attributes:
        blocks: The blocks, first to last.

    Raises:
        ValueError: A size is below 1.

    Example:
        >>> class Plain(HistoryEncoder):
        ...     def make_block(self, name):
        ...         return keras.layers.Dense(self.dim, name=name)
        ...
        ...     def call(self, inputs, training=None):
        ...         return self.blocks[0](self.embedded(inputs, training)[0])
        >>> encoder = Plain(100, 20, dim=16, num_layers=1, num_heads=1, dropout=0.1, has_item_features=False)
        >>> tuple(encoder(ops.convert_to_tensor([[0, 0, 7], [3, 1, 4]])).shape)
        (2, 3, 16)
    """

    def __init__(
        self,
        num_items: int,
        max_length: int,
        dim: int,
        num_layers: int,
        num_heads: int,
        dropout: float,
        has_item_features: bool,
        **kwargs: Any,
    ) -> None:
        """See the class."""
        super().__init__(**kwargs)
        if num_items < 1:
            raise ValueError(f"`num_items` must be at least 1. Received: num_items={num_items}")
        if num_layers < 1:
            raise ValueError(f"`num_layers` must be at least 1. Received: num_layers={num_layers}")
        self.num_items = num_items
        self.max_length = max_length
        self.dim = dim
        self.num_layers = num_layers
        self.num_heads = num_heads
        self.dropout = dropout
        self.has_item_features = has_item_features

    @abstractmethod
    def make_block(self, name: str) -> Any:
        """An unbuilt block of that name."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the tables and the blocks."""
        normal = keras.initializers.RandomNormal(stddev=_INITIALIZER_STDDEV)
        self.item_table = self.add_weight(shape=(self.num_items + 2, self.dim), initializer=normal, name="item_table")
        # Built once it is known what there is to know of items.
        self.item_features = ItemFeatures(self.dim, name="item_features") if self.has_item_features else None
        self.position_table = self.add_weight(
            shape=(self.max_length, self.dim), initializer=normal, name="position_table"
        )
        self.norm = keras.layers.LayerNormalization(epsilon=1e-12, dtype=self.dtype_policy, name="norm")
        self.norm.build((None, None, self.dim))
        self.input_dropout = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy)
        self.blocks = [self.make_block(f"block_{number}") for number in range(self.num_layers)]
        for block in self.blocks:
            block.build((None, None, self.dim))

    @property
    def mask_item(self) -> int:
        """The number that stands for a masked item."""
        return self.num_items + 1

    @property
    def candidates(self) -> Tensor:
        """The embeddings that are scored, `(num_items + 1, dim)`: row 0 is the pad's, which is no candidate."""
        return ops.cast(self._items()[: self.num_items + 1], self.compute_dtype)

    @property
    def item_rows(self) -> Tensor:
        """A table that begins with the embeddings that are scored: the weight itself, where they are that alone."""
        plain = self.item_features is None and self.compute_dtype == self.variable_dtype
        return self.item_table if plain else self.candidates

    def _items(self) -> Tensor:
        """The embeddings of the pad, the items and the masked item, `(num_items + 2, dim)`."""
        return self.item_table if self.item_features is None else self.item_features(self.item_table)

    def embedded(self, inputs: Tensor, training: bool | None) -> tuple[Tensor, Tensor]:
        """What the first block is given, `(batch, length, dim)`, and which positions are no pads, `(batch, length)`.

        Args:
            inputs: Tensor. Int32, `(batch, length)`, padded with 0 on the left.
            training: bool or None. Whether dropout is at work.

        Raises:
            ValueError: The inputs are wider than `max_length`.
        """
        if (width := inputs.shape[1]) is not None and width > self.max_length:
            raise ValueError(
                f"`inputs` must be at most max_length={self.max_length} wide. Received: shape={tuple(inputs.shape)}"
            )
        length = ops.shape(inputs)[1]
        positions = ops.cast(self.position_table, self.compute_dtype)[:length]
        embedded = ops.cast(ops.take(self._items(), inputs, axis=0), self.compute_dtype) + ops.flip(positions, axis=0)
        return self.input_dropout(self.norm(embedded), training=training), ops.not_equal(inputs, 0)

    def output_spec(self, inputs: Tensor, last_only: bool) -> Tensor:
        """Shape of the output, which tracing the look-up of a symbolic length could not tell."""
        batch, length = inputs.shape
        shape = (batch, self.dim) if last_only else (batch, length, self.dim)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "num_items": self.num_items,
            "max_length": self.max_length,
            "dim": self.dim,
            "num_layers": self.num_layers,
            "num_heads": self.num_heads,
            "dropout": self.dropout,
            "has_item_features": self.has_item_features,
        }
