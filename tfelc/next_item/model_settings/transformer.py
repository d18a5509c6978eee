"""What the settings of every model over an encoder of histories have in common."""

from __future__ import annotations

from tfelc.next_item.model_settings.encoder import EncoderSettings, HistoryEncoderSettings
from tfelc.next_item.model_settings.sequence_model import SequenceModelSettings


class HistoryModelSettings(SequenceModelSettings):
    """The settings of SASRec, whatever its encoder is.

    Attributes:
        encoder: What reads a history.
        item_attributes: Attributes of `catalog.columns` that an item's embedding is made of besides its id. An item of
            the table that nobody has taken yet is then in the catalog, too, by its attributes alone.
    """

    encoder: HistoryEncoderSettings
    item_attributes: tuple[str, ...] = ()


class TransformerSettings(HistoryModelSettings):
    """The settings of a model that reads a history by a Transformer: SASRec, and those on top of it.

    Attributes:
        encoder: The Transformer.
        item_attributes: Attributes of `catalog.columns` that an item's embedding is made of besides its id. An item of
            the table that nobody has taken yet is then in the catalog, too, by its attributes alone.
    """

    encoder: EncoderSettings = EncoderSettings()
