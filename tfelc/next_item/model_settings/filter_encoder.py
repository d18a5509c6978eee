"""The settings of filters over a history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from tfelc.next_item.model_settings.encoder import HistoryEncoderSettings

if TYPE_CHECKING:
    from tfelc.layers.history_encoder import HistoryEncoder
    from tfelc.next_item.data.examples import Examples


class FilterEncoderSettings(HistoryEncoderSettings):
    """Filters over a history, in its frequencies and in its steps; see `tfelc.layers.frequency_encoder`.

    Attributes:
        dim: Width of the embeddings.
        num_layers: Number of blocks.
        num_heads: Number of filters of a block, which share the width.
        dropout: Dropout of the embeddings and of the blocks' branches.
        share: Share of what is filtered by frequency; the rest is by steps.
        initialization: What the weights are at first: `random`, or the items' embeddings by their `co_occurrence`
            within the training histories.
    """

    share: float = Field(0.3, ge=0, le=1)
    initialization: Literal["random", "co_occurrence"] = "co_occurrence"

    def create(self, num_items: int, max_length: int, has_item_features: bool = False) -> HistoryEncoder:
        """See `HistoryEncoderSettings`."""
        from tfelc.layers.frequency_encoder import FrequencyEncoder

        encoder = FrequencyEncoder(
            num_items,
            max_length,
            self.dim,
            self.num_layers,
            self.num_heads,
            self.share,
            self.dropout,
            has_item_features,
            name="encoder",
        )
        encoder.build((None, None))
        return encoder

    def initialize(self, encoder: HistoryEncoder, train: Examples, seed: int) -> None:
        """See `HistoryEncoderSettings`."""
        from tfelc.next_item.models.initialization import initialize_items

        if self.initialization != "random":
            initialize_items(encoder.item_table, train, encoder.num_items, seed)
