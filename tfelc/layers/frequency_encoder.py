"""Item numbers -> embeddings: filters over the users' histories."""

from __future__ import annotations

from typing import Any

import keras

from tfelc.layers.frequency_block import FrequencyBlock
from tfelc.layers.history_encoder import HistoryEncoder

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class FrequencyEncoder(HistoryEncoder):
    """Embeds items and their positions and runs them through blocks of filters; see `HistoryEncoder`.

    A position sees those after it, so that only the last one may be asked what comes next.

    Args:
        num_items: int. Items of the catalog.
        max_length: int. Longest history, in items.
        dim: int. Width of the embeddings. Defaults to 64.
        num_layers: int. Number of blocks. Defaults to 2.
        num_heads: int. Number of filters of a block. Defaults to 2.
        share: float. Share of what is filtered by frequency. Defaults to 0.3.
        dropout: float. Dropout of the embeddings and of the blocks' branches. Defaults to 0.5.
        has_item_features: bool. Whether items are more than their numbers: `item_features` is then to be filled before
            the first call. Defaults to False.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Int32 tensor of shape `(batch, length)`, padded with 0 on the left; length at most `max_length`.
        last_only: bool. Whether only the last position is wanted, which is far cheaper. Defaults to False.

    Returns:
        Tensor of shape `(batch, length, dim)`, or `(batch, dim)` with `last_only`.

    Raises:
        ValueError: A size is below 1, or the inputs are wider than `max_length`.

    Example:
        >>> from keras import ops
        >>> encoder = FrequencyEncoder(num_items=100, max_length=20, dim=16)
        >>> histories = ops.convert_to_tensor([[0, 0, 7], [3, 1, 4]])
        >>> tuple(encoder(histories).shape), tuple(encoder(histories, last_only=True).shape)
        ((2, 3, 16), (2, 16))

    Source: WEARec (Xu et al., AAAI 2026).
    """

    def __init__(
        self,
        num_items: int,
        max_length: int,
        dim: int = 64,
        num_layers: int = 2,
        num_heads: int = 2,
        share: float = 0.3,
        dropout: float = 0.5,
        has_item_features: bool = False,
        **kwargs: Any,
    ) -> None:
        """See the class."""
        super().__init__(num_items, max_length, dim, num_layers, num_heads, dropout, has_item_features, **kwargs)
        self.share = share

    def make_block(self, name: str) -> FrequencyBlock:
        """A block of filters."""
        return FrequencyBlock(
            self.max_length,
            self.num_heads,
            4 * self.dim,
            self.share,
            self.dropout,
            dtype=self.dtype_policy,
            name=name,
        )

    def call(self, inputs: Tensor, last_only: bool = False, training: bool | None = None) -> Tensor:
        """The embeddings of the positions, or of the last one."""
        hidden, valid = self.embedded(inputs, training)
        for block in self.blocks[:-1]:
            hidden = block(hidden, valid, training=training)
        return self.blocks[-1](hidden, valid, last_only=last_only, training=training)

    def compute_output_spec(self, inputs: Tensor, last_only: bool = False, training: bool | None = None) -> Tensor:
        """Shape of the output."""
        return self.output_spec(inputs, last_only)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "share": self.share}
