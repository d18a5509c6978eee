"""The loss of an outcome that comes or does not."""

from __future__ import annotations

from typing import Any

from keras import ops

Tensor = Any


def binary_cross_entropy(labels: Tensor, logits: Tensor) -> Tensor:
    """`-y log sigmoid(z) - (1 - y) log(1 - sigmoid(z))` for each row, without overflow.

    Args:
        labels: Tensor. Floats of 0 and 1, `(batch,)`.
        logits: Tensor. `z`, `(batch,)`.

    Returns:
        Tensor of shape `(batch,)`.

    Example:
        >>> binary_cross_entropy(ops.convert_to_tensor([1.0, 0.0]), ops.convert_to_tensor([0.0, 3.0])).numpy().round(4)
        array([0.6931, 3.0486], dtype=float32)
    """
    # By softplus, whose gradient is right at a logit of 0 too, where those of relu and abs are not.
    return labels * ops.softplus(-logits) + (1.0 - labels) * ops.softplus(logits)
