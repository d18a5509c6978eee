"""The contrast between what users had and what they will have, intention by intention."""

from __future__ import annotations

import math
from typing import Any

from keras import ops

Tensor = Any


def future_contrast(pasts: Tensor, futures: Tensor, kept: float) -> Tensor:
    """Each past against all futures of the batch; the future of the same user and intention is its positive.

    `-log(exp(<p_ik, f_ik> / sqrt(dim)) / sum_{j, l} exp(<p_ik, f_jl> / sqrt(dim)))` for each user `i` and intention
    `k`. Only the pairs that are told best count: the others' intention may have no part in what follows.

    Args:
        pasts: Tensor. A vector for each user and intention, `(batch, heads, dim)`.
        futures: Tensor. Of the same shape, user by user and intention by intention.
        kept: float. Share of the pairs that count, those of the smallest losses, at least one; in (0, 1].

    Returns:
        The mean loss of the pairs that count, a scalar.

    Example:
        >>> pasts = ops.convert_to_tensor([[[1.0]], [[2.0]]])
        >>> futures = ops.convert_to_tensor([[[0.0]], [[1.0]]])
        >>> [round(float(future_contrast(pasts, futures, kept)), 4) for kept in (1.0, 0.5)]
        [0.7201, 0.1269]

    Source: DSSRec (Ma et al., 2020), the seq2seq loss.
    """
    dim = pasts.shape[-1]
    rows, others = ops.reshape(pasts, (-1, dim)), ops.reshape(futures, (-1, dim))
    logits = ops.matmul(rows, ops.transpose(others)) / math.sqrt(dim)
    losses = ops.logsumexp(logits, axis=1) - ops.diagonal(logits)
    count = ops.cast(ops.shape(losses)[0], "float32")
    last = ops.maximum(ops.cast(ops.floor(kept * count), "int32"), 1) - 1
    counted = ops.cast(losses <= ops.stop_gradient(ops.take(ops.sort(losses), last)), losses.dtype)
    return ops.sum(counted * losses) / ops.sum(counted)
