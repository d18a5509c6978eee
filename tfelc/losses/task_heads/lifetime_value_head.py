"""A quantity that is mostly 0 and has a long tail: zero-inflated and log-normal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from tfelc.losses.task_heads.binary_cross_entropy import binary_cross_entropy
from tfelc.losses.task_heads.task_head import LARGEST_EXPONENT, TaskHead, scale_of
from tfelc.losses.task_heads.value_scale import ValueScale

Tensor = Any

# softplus(_ONE) = 1: at a logit of 0 the deviation is that of the training labels.
_ONE = math.log(math.e - 1)
# A deviation that goes to 0 would make the likelihood infinite.
_SMALLEST_DEVIATION = 1e-2
_HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)


class LifetimeValueHead(TaskHead):
    """Three logits: whether the value is above 0, and mean and deviation of its logarithm where it is (ZILN).

    With `p = sigmoid(z_0)`, `mu = center + spread z_1` and `sigma = spread softplus(z_2 + 0.541)`, the loss of a row is
    the cross-entropy of `y > 0`, and where it is, `log s + ((u - z_1) / s)^2 / 2 + log(2 pi) / 2` with
    `u = (log y - center) / spread` and `s = sigma / spread`: the negative log-likelihood of a log-normal value, up to
    `log y + log spread`, which no weight bears on. The prediction is the mean, `p exp(mu + sigma^2 / 2)`.

    Args:
        scale: ValueScale. Mean and standard deviation of the logarithm of the labels above 0. Defaults to None: 0, 1.

    Example:
        >>> head = LifetimeValueHead(ValueScale(center=math.log(20)))
        >>> round(float(head.prediction(ops.zeros((1, 3)))[0]), 3), round(0.5 * 20 * math.exp(0.5), 3)
        (16.487, 16.487)

    Source: Wang, Liu and Miao, "A Deep Probabilistic Model for Customer Lifetime Value Prediction", 2019, Eq. 3.
    """

    columns = 3

    def loss(self, labels: Tensor, logits: Tensor) -> Tensor:
        """The negative log-likelihood of each row."""
        paid = ops.cast(labels > 0, logits.dtype)
        # The logarithm of 1 where there is none, so that no gradient is NaN.
        value = (ops.log(ops.where(labels > 0, labels, 1.0)) - self.scale.center) / self.scale.spread
        deviation = self._deviation(logits)
        error = (value - logits[:, 1]) / deviation
        of_value = ops.log(deviation) + 0.5 * error * error + _HALF_LOG_TAU
        return binary_cross_entropy(paid, logits[:, 0]) + paid * of_value

    def prediction(self, logits: Tensor) -> Tensor:
        """The expected value."""
        sigma = self.scale.spread * self._deviation(logits)
        exponent = self.scale.center + self.scale.spread * logits[:, 1] + 0.5 * sigma * sigma
        return ops.sigmoid(logits[:, 0]) * ops.exp(ops.minimum(exponent, LARGEST_EXPONENT))

    @classmethod
    def fitted(cls, labels: NDArray[np.float32]) -> ValueScale:
        """Mean and standard deviation of the logarithm of the labels above 0."""
        return scale_of(np.log(labels[labels > 0].astype(np.float64)))

    @staticmethod
    def _deviation(logits: Tensor) -> Tensor:
        return ops.maximum(ops.softplus(logits[:, 2] + _ONE), _SMALLEST_DEVIATION)
