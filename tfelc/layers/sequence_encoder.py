"""Item numbers -> embeddings: a Transformer over the users' histories."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfelc.layers.item_features import ItemFeatures
from tfelc.layers.transformer_block import TransformerBlock

Tensor = Any

_INITIALIZER_STDDEV = 0.02


@keras.saving.register_keras_serializable(package="tfelc")
class SequenceEncoder(keras.layers.Layer):
    """Embeds items and their positions and runs them through Transformer blocks.

    Positions are counted from the end of the history (the last item is at 0), so that a batch need only be as wide as
    its longest history. For histories padded on the left to `max_length` they are the absolute positions of SASRec.

    Args:
        num_items: int. Items of the catalog. Number 0 is padding, 1 to `num_items` are items, `num_items + 1` is the
            mask of an augmented view.
        max_length: int. Longest history, in items.
        dim: int. Width of the embeddings. Defaults to 64.
        num_layers: int. Number of Transformer blocks. Defaults to 2.
        num_heads: int. Number of attention heads. Defaults to 2.
        dropout: float. Dropout of the embeddings and of the blocks' branches. Defaults to 0.5.
        attention_dropout: float. Dropout of the attention weights. Defaults to 0.5.
        has_item_features: bool. Whether items are more than their numbers: `item_features` is then to be filled before
            the first call. Defaults to False.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Int32 tensor of shape `(batch, length)`, padded with 0 on the left; length at most `max_length`.
        last_only: bool. Whether only the last position is wanted, which is far cheaper. Defaults to False.
        causal: bool. Whether a position sees none after it. Defaults to True.

    Returns:
        Tensor of shape `(batch, length, dim)`, or `(batch, dim)` with `last_only`.

    Raises:
        ValueError: A size is below 1, or the inputs are wider than `max_length`.

    Example:
        >>> encoder = SequenceEncoder(num_items=100, max_length=20, dim=16)
        >>> histories = ops.convert_to_tensor([[0, 0, 7], [3, 1, 4]])
        >>> tuple(encoder(histories).shape), tuple(encoder(histories, last_only=True).shape)
        ((2, 3, 16), (2, 16))

    Source: ELCRec, section 3.4.1; SASRec (Kang and McAuley, 2018).
    """

    def __init__(
        self,
        num_items: int,
        max_length: int,
        dim: int = 64,
        num_layers: int = 2,
        num_heads: int = 2,
        dropout: float = 0.5,
        attention_dropout: float = 0.5,
        has_item_features: bool = False,
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
        self.attention_dropout = attention_dropout
        self.has_item_features = has_item_features

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
        self.blocks = [
            TransformerBlock(
                self.num_heads,
                4 * self.dim,
                self.dropout,
                self.attention_dropout,
                dtype=self.dtype_policy,
                name=f"block_{number}",
            )
            for number in range(self.num_layers)
        ]
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

    def call(
        self, inputs: Tensor, last_only: bool = False, causal: bool = True, training: bool | None = None
    ) -> Tensor:
        """The embeddings of the positions, or of the last one."""
        if (width := inputs.shape[1]) is not None and width > self.max_length:
            raise ValueError(
                f"`inputs` must be at most max_length={self.max_length} wide. Received: shape={tuple(inputs.shape)}"
            )
        length = ops.shape(inputs)[1]
        positions = ops.cast(self.position_table, self.compute_dtype)[:length]
        embedded = ops.cast(ops.take(self._items(), inputs, axis=0), self.compute_dtype) + ops.flip(positions, axis=0)
        hidden = self.input_dropout(self.norm(embedded), training=training)
        valid = ops.not_equal(inputs, 0)
        for block in self.blocks[:-1]:
            hidden = block(hidden, valid, causal=causal, training=training)
        return self.blocks[-1](hidden, valid, last_only=last_only, causal=causal, training=training)

    def compute_output_spec(
        self, inputs: Tensor, last_only: bool = False, causal: bool = True, training: bool | None = None
    ) -> Tensor:
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
            "attention_dropout": self.attention_dropout,
            "has_item_features": self.has_item_features,
        }
