"""The probability that every outcome of a chain happens, in logarithms."""

from __future__ import annotations

from typing import Any

from keras import ops

Tensor = Any


def joint_logarithms(chain: list[Tensor]) -> tuple[Tensor, Tensor]:
    """`log p` and `log(1 - p)` of a product of probabilities, `p = prod_i sigmoid(z_i)`, for each row.

    `log p = sum_i log sigmoid(z_i)`, and `1 - p = sum_i (1 - sigmoid(z_i)) prod_{j < i} sigmoid(z_j)`: which outcome of
    the chain was the first that did not happen. A sum of positive terms in logarithms, so that nothing cancels or
    overflows.

    Args:
        chain: List of Tensor. The logits, `(batch,)` each.

    Returns:
        Two tensors of shape `(batch,)`.

    Example:
        >>> log_p, log_not_p = joint_logarithms([ops.zeros(1), ops.zeros(1)])  # p = 0.5 * 0.5
        >>> ops.exp(log_p).numpy().round(4), ops.exp(log_not_p).numpy().round(4)
        (array([0.25], dtype=float32), array([0.75], dtype=float32))
    """
    log_p = ops.zeros_like(chain[0])
    log_first_miss = []
    for logits in chain:
        log_first_miss.append(log_p - ops.softplus(logits))
        log_p = log_p - ops.softplus(-logits)
    return log_p, ops.logsumexp(ops.stack(log_first_miss), axis=0)
