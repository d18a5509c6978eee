"""The contrast between a sequence with a hidden segment and the segments of a batch."""

from __future__ import annotations

from typing import Any

from keras import ops

Tensor = Any

_LEFT_OUT = -1e9


def segment_contrast(rests: Tensor, segments: Tensor, counted: Tensor) -> Tensor:
    """Each row against all segments of the batch that count; its own one is its positive.

    `-log(exp(<r_i, s_i>) / sum_j exp(<r_i, s_j>))`.

    Args:
        rests: Tensor. What is left of each history, `(batch, dim)`.
        segments: Tensor. What was hidden of each, `(batch, dim)`.
        counted: Tensor. Bool, `(batch,)`: the rows that have both.

    Returns:
        The mean loss of the rows that count, a scalar; 0 where none does.

    Example:
        >>> rests, segments = ops.convert_to_tensor([[1.0], [0.0]]), ops.convert_to_tensor([[0.0], [1.0]])
        >>> round(float(segment_contrast(rests, segments, ops.convert_to_tensor([True, True]))), 4)
        1.0032

    Source: S3-Rec (Zhou et al., 2020), segment prediction, with the batch's other segments for negatives.
    """
    logits = ops.where(counted[None, :], ops.matmul(rests, ops.transpose(segments)), _LEFT_OUT)
    losses = ops.where(counted, ops.logsumexp(logits, axis=1) - ops.diagonal(logits), 0.0)
    return ops.sum(losses) / ops.maximum(ops.sum(ops.cast(counted, losses.dtype)), 1.0)
