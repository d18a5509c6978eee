"""The loss of an outcome that may still come."""

from __future__ import annotations

from typing import Any

from keras import ops

Tensor = Any


def late_cross_entropy(labels: Tensor, log_p: Tensor, log_not_p: Tensor) -> Tensor:
    """`-log p` where the outcome has come, `-log(1 - p + s p)` where it has not, for each row.

    `s` is the share of all outcomes that come later than the time that has passed. Nothing has come where none ever
    comes, or where one is still to come, with the probability `s p`. A row of `s = 0` is one of plain cross-entropy,
    and one of `s` close to 1 says hardly anything. In expectation over the delays the gradient is 0 where `p` is the
    probability that the outcome ever comes.

    Args:
        labels: Tensor. Floats, `(batch,)`: 1 where the outcome has come, 0 where it does not come any more, and `-s`
            where it has not come yet.
        log_p: Tensor. `log p`, `(batch,)`, as `joint_logarithms` gives it.
        log_not_p: Tensor. `log(1 - p)`, `(batch,)`.

    Returns:
        Tensor of shape `(batch,)`.

    Example:
        >>> half = ops.log(ops.convert_to_tensor([0.5, 0.5, 0.5]))
        >>> labels = ops.convert_to_tensor([1.0, 0.0, -0.5])  # -log 0.5, -log 0.5, -log(0.5 + 0.5 * 0.5)
        >>> late_cross_entropy(labels, half, half).numpy().round(4)
        array([0.6931, 0.6931, 0.2877], dtype=float32)

    Source: Chapelle (2014), modeling delayed feedback in display advertising, the likelihood of section 3, with the
    share that is still to come taken from the delays of old rows instead of an exponential distribution.
    """
    come = ops.maximum(labels, 0.0)
    to_come = ops.maximum(-labels, 0.0)
    is_young = to_come > 0
    # The logarithm of 0 would make the gradient NaN in the branch that is not taken, too.
    share = ops.where(is_young, to_come, ops.ones_like(to_come))
    nothing_yet = ops.where(is_young, ops.logaddexp(log_not_p, ops.log(share) + log_p), log_not_p)
    return -(come * log_p + (1.0 - come) * nothing_yet)
