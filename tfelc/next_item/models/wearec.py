"""WEARec: filters over the history in the place of attention."""

from __future__ import annotations

from tfelc.losses.next_item.next_item_loss import NextItemLoss
from tfelc.next_item.model_settings.wearec import WEARecSettings
from tfelc.next_item.models.sasrec import SASRec


class WEARec(SASRec):
    """Filters whose last position is the user, each in the frequencies of the history and in its steps.

    It is none of the paper's systems.

    Args:
        num_items: int. Items of the catalog.
        max_length: int. Longest history.
        settings: WEARecSettings. The model's settings.
        loss: NextItemLoss. The loss of the next item.

    Example:
        >>> from keras import ops
        >>> model = WEARecSettings().create(100, 20, [1] * 100, seed=7)
        >>> tuple(model(ops.convert_to_tensor([[0, 3, 7]]))["embedding"].shape), tuple(model.candidates.shape)
        ((1, 64), (101, 64))

    Source: Xu et al., Wavelet Enhanced Adaptive Frequency Filter for Sequential Recommendation, AAAI 2026.
    """

    def __init__(self, num_items: int, max_length: int, settings: WEARecSettings, loss: NextItemLoss) -> None:
        super().__init__(num_items, max_length, settings, loss, name="wearec")
