"""One of some values in order, as stars are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from tfelc.losses.task_heads.binary_cross_entropy import binary_cross_entropy
from tfelc.losses.task_heads.task_head import TaskHead

Tensor = Any


class OrdinalHead(TaskHead):
    """A logit for each level but the last: whether the value is above it, where it is not below it.

    With the levels `l_0 < ... < l_K` and `q_k = sigmoid(z_k) = P(y > l_k | y >= l_k)`, the loss of a row is the
    cross-entropy of each `y > l_k` with `l_k <= y`, whose sum is `-log P(y)`, and the prediction is the expected value,
    `l_0 + sum_k (l_{k+1} - l_k) q_0 ... q_k`. No order of the logits has to be enforced: the products fall with `k`.

    Args:
        levels: Sequence of float. The values, two at least, in ascending order.

    Example:
        >>> head = OrdinalHead([1, 2, 5])  # Half of them are above 1, and half of those are 5.
        >>> head.prediction(ops.zeros((1, 2))).numpy().tolist(), 0.5 * 1 + 0.25 * 2 + 0.25 * 5
        ([2.25], 2.25)

    Source: Shi, Cao and Raschka, "Deep Neural Networks for Rank-Consistent Ordinal Regression Based On Conditional
    Probabilities", Pattern Analysis and Applications 26, 2023, whose loss is the mean over these cross-entropies where
    ours is the sum over each row's.
    """

    def __init__(self, levels: Sequence[float]) -> None:
        super().__init__()
        self._levels = np.asarray(levels, np.float32)
        self.columns = len(levels) - 1

    def loss(self, labels: Tensor, logits: Tensor) -> Tensor:
        """The negative log-likelihood of each row."""
        labels, of_levels = labels[:, None], self._by_level(logits)
        lower = self._levels[None, :-1]
        above, reached = (ops.cast(each, logits.dtype) for each in (labels > lower, labels >= lower))
        return ops.sum(reached * binary_cross_entropy(above, of_levels), axis=-1)

    def prediction(self, logits: Tensor) -> Tensor:
        """The expected value, between the first level and the last."""
        reached = ops.cumprod(ops.sigmoid(self._by_level(logits)), axis=-1)
        return self._levels[0] + ops.sum(reached * np.diff(self._levels), axis=-1)

    def _by_level(self, logits: Tensor) -> Tensor:
        return ops.reshape(logits, (-1, self.columns))
