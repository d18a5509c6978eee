"""The settings of the Transformer over a history."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tfelc.core.settings import Settings


class PlainEncoderSettings(Settings):
    """A Transformer over a history that begins at random; see `tfelc.layers.sequence_encoder`.

    Attributes:
        dim: Width of the embeddings.
        num_layers: Number of Transformer blocks.
        num_heads: Number of attention heads.
        dropout: Dropout of the embeddings and of the blocks' branches.
        attention_dropout: Dropout of the attention weights.
    """

    dim: int = Field(64, ge=1)
    num_layers: int = Field(1, ge=1)
    num_heads: int = Field(2, ge=1)
    dropout: float = Field(0.5, ge=0, lt=1)
    attention_dropout: float = Field(0.5, ge=0, lt=1)

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> Self:
        if self.dim % self.num_heads:
            raise ValueError(
                "model.encoder.dim must be a multiple of model.encoder.num_heads. "
                f"Received: {self.dim} and {self.num_heads}"
            )
        return self


class EncoderSettings(PlainEncoderSettings):
    """The Transformer over the history of SASRec and those on top of it.

    Attributes:
        initialization: What the weights are at first: `random`; the items' embeddings by their `co_occurrence` within
            the training histories; or besides, the attention by the history's mean, `co_occurrence_mean`.
    """

    initialization: Literal["random", "co_occurrence", "co_occurrence_mean"] = "co_occurrence"
