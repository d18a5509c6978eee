"""The settings of what reads a history."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from tfelc.core.settings import Settings

if TYPE_CHECKING:
    from tfelc.layers.history_encoder import HistoryEncoder
    from tfelc.next_item.data.examples import Examples


class HistoryEncoderSettings(Settings):
    """The settings of every encoder of histories.

    Attributes:
        dim: Width of the embeddings.
        num_layers: Number of blocks.
        num_heads: Number of heads that share the width.
        dropout: Dropout of the embeddings and of the blocks' branches.
    """

    dim: int = Field(64, ge=1)
    num_layers: int = Field(1, ge=1)
    num_heads: int = Field(2, ge=1)
    dropout: float = Field(0.5, ge=0, lt=1)

    @abstractmethod
    def create(self, num_items: int, max_length: int, has_item_features: bool = False) -> HistoryEncoder:
        """The encoder, built, and without the items' features.

        Args:
            num_items: int. Items of the catalog.
            max_length: int. Longest history.
            has_item_features: bool. Whether items are more than their numbers. Defaults to False.
        """

    def initialize(self, encoder: HistoryEncoder, train: Examples, seed: int) -> None:
        """Fills weights of what was created by the training histories; here none.

        Args:
            encoder: What `create` made.
            train: Examples. The training examples.
            seed: int. Seed of what is random.
        """

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> Self:
        if self.dim % self.num_heads:
            raise ValueError(
                "model.encoder.dim must be a multiple of model.encoder.num_heads. "
                f"Received: {self.dim} and {self.num_heads}"
            )
        return self


class PlainEncoderSettings(HistoryEncoderSettings):
    """A Transformer over a history that begins at random; see `tfelc.layers.sequence_encoder`.

    Attributes:
        dim: Width of the embeddings.
        num_layers: Number of Transformer blocks.
        num_heads: Number of attention heads.
        dropout: Dropout of the embeddings and of the blocks' branches.
        attention_dropout: Dropout of the attention weights.
    """

    attention_dropout: float = Field(0.5, ge=0, lt=1)

    def create(self, num_items: int, max_length: int, has_item_features: bool = False) -> HistoryEncoder:
        """See `HistoryEncoderSettings`."""
        from tfelc.layers.sequence_encoder import SequenceEncoder

        encoder = SequenceEncoder(
            num_items,
            max_length,
            self.dim,
            self.num_layers,
            self.num_heads,
            self.dropout,
            self.attention_dropout,
            has_item_features,
            name="encoder",
        )
        encoder.build((None, None))
        return encoder


class EncoderSettings(PlainEncoderSettings):
    """The Transformer over the history of SASRec and those on top of it.

    Attributes:
        initialization: What the weights are at first: `random`; the items' embeddings by their `co_occurrence` within
            the training histories; or besides, the attention by the history's mean, `co_occurrence_mean`.
    """

    initialization: Literal["random", "co_occurrence", "co_occurrence_mean"] = "co_occurrence"

    def initialize(self, encoder: HistoryEncoder, train: Examples, seed: int) -> None:
        """See `HistoryEncoderSettings`."""
        from tfelc.next_item.models.initialization import initialize_items

        if self.initialization != "random":
            initialize_items(encoder.item_table, train, encoder.num_items, seed)
        if self.initialization == "co_occurrence_mean":
            for block in encoder.blocks:
                block.initialize_at_mean()
