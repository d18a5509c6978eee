"""An outcome that comes or does not."""

from __future__ import annotations

from typing import Any

from keras import ops

from tfelc.losses.task_heads.binary_cross_entropy import binary_cross_entropy
from tfelc.losses.task_heads.task_head import TaskHead

Tensor = Any


class BinaryHead(TaskHead):
    """One logit, whose sigmoid is the probability.

    Args:
        scale: ValueScale. Of no use here. Defaults to None.

    Example:
        >>> float(BinaryHead().prediction(ops.zeros(1))[0])
        0.5
    """

    def loss(self, labels: Tensor, logits: Tensor) -> Tensor:
        """The cross-entropy of each row."""
        return binary_cross_entropy(labels, logits)

    def prediction(self, logits: Tensor) -> Tensor:
        """The probability."""
        return ops.sigmoid(logits)
