"""Losses of the next item, as swappable parts; each has a file of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfelc.losses.next_item.binary_cross_entropy import BinaryCrossEntropy
from tfelc.losses.next_item.full_softmax import FullSoftmax
from tfelc.losses.next_item.next_item_loss import NextItemLoss
from tfelc.losses.next_item.sampled_softmax import SampledSoftmax
from tfelc.next_item.settings import NextItemConfig

__all__ = ["BinaryCrossEntropy", "FullSoftmax", "NextItemLoss", "SampledSoftmax", "make_next_item_loss"]


def make_next_item_loss(config: NextItemConfig, counts: NDArray[np.int64], seed: int) -> NextItemLoss:
    """Builds the loss that the settings name.

    Args:
        config: Its settings.
        counts: How often each item is a target in training, by item number less 1.
        seed: Of the drawn negatives.
    """
    scores = (config.normalize, config.temperature)
    if config.loss == "softmax":
        return FullSoftmax(*scores)
    if config.loss == "sampled_softmax":
        return SampledSoftmax(counts, config.negatives, config.power, config.log_q, *scores, seed)
    calibration = config.calibration if config.loss == "gbce" else 0.0
    return BinaryCrossEntropy(counts, config.negatives, calibration, *scores, seed)
