"""A quantity of at least 0 by weighted logistic regression."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from tfelc.losses.task_heads.task_head import LARGEST_EXPONENT, TaskHead
from tfelc.losses.task_heads.value_scale import ValueScale

Tensor = Any


class WatchTimeHead(TaskHead):
    """One logit, whose odds `e^z` are the expected value, in units of the mean of the training labels.

    Every row is a negative of weight 1 and a positive of weight `u = y / spread`: the loss is
    `u softplus(-z) + softplus(z)`, which is least where `e^z` is the mean of `u`. The source counts a row as either, so
    that its odds are the expected value where clicks are rare; here they are so always.

    Args:
        scale: ValueScale. Its spread is the mean of the labels. Defaults to None: 1.

    Example:
        >>> head = WatchTimeHead(ValueScale(spread=30))
        >>> head.prediction(ops.convert_to_tensor([0.0, 0.6931472])).numpy().round(3).tolist()
        [30.0, 60.0]

    Source: Covington, Adams and Sargin, "Deep Neural Networks for YouTube Recommendations", RecSys 2016, section 4.2.
    """

    def loss(self, labels: Tensor, logits: Tensor) -> Tensor:
        """The weighted cross-entropy of each row."""
        return labels / self.scale.spread * ops.softplus(-logits) + ops.softplus(logits)

    def prediction(self, logits: Tensor) -> Tensor:
        """The expected value."""
        largest = LARGEST_EXPONENT - max(0.0, float(np.log(self.scale.spread)))
        return self.scale.spread * ops.exp(ops.minimum(logits, largest))

    @classmethod
    def fitted(cls, labels: NDArray[np.float32]) -> ValueScale:
        """The mean of the labels, 1 where they are all 0."""
        mean = float(labels.mean(dtype=np.float64)) if len(labels) else 0.0
        return ValueScale(spread=mean or 1.0)
