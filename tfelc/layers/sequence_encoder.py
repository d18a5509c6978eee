"""Item numbers -> embeddings: a Transformer over the users' histories."""

from __future__ import annotations

from typing import Any

import keras

from tfelc.layers.history_encoder import HistoryEncoder
from tfelc.layers.transformer_block import TransformerBlock

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class SequenceEncoder(HistoryEncoder):
    """Embeds items and their positions and runs them through Transformer blocks; see `HistoryEncoder`.

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
        >>> from keras import ops
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
        super().__init__(num_items, max_length, dim, num_layers, num_heads, dropout, has_item_features, **kwargs)
        self.attention_dropout = attention_dropout

    def make_block(self, name: str) -> TransformerBlock:
        """A Transformer block."""
        return TransformerBlock(
            self.num_heads,
            4 * self.dim,
            self.dropout,
            self.attention_dropout,
            dtype=self.dtype_policy,
            name=name,
        )

    def call(
        self, inputs: Tensor, last_only: bool = False, causal: bool = True, training: bool | None = None
    ) -> Tensor:
        """The embeddings of the positions, or of the last one."""
        hidden, valid = self.embedded(inputs, training)
        for block in self.blocks[:-1]:
            hidden = block(hidden, valid, causal=causal, training=training)
        return self.blocks[-1](hidden, valid, last_only=last_only, causal=causal, training=training)

    def compute_output_spec(
        self, inputs: Tensor, last_only: bool = False, causal: bool = True, training: bool | None = None
    ) -> Tensor:
        """Shape of the output."""
        return self.output_spec(inputs, last_only)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "attention_dropout": self.attention_dropout}
