"""Contrastive losses between two views of a batch, and between a batch and the cluster centers."""

from __future__ import annotations

from typing import Any

from keras import ops

Tensor = Any

_LEFT_OUT = -1e9


def sequence_contrast(first: Tensor, second: Tensor, temperature: float = 1.0, same: Tensor | None = None) -> Tensor:
    """InfoNCE over both views: a row's other view is its positive, all other rows of both views are its negatives.

    `mean_i -log(p_i / (p_i + sum_{j != i} (exp(s(a_i, a_j) / t) + exp(s(a_i, b_j) / t))))` with
    `p_i = exp(s(a_i, b_i) / t)`, over the rows `a_i` of both views, `b` being the other view and `s` the dot product.

    Args:
        first: Tensor. One view, `(batch, dim)`; L2-normalized where a cosine is wanted.
        second: Tensor. The other view, `(batch, dim)`, row by row of the same user.
        temperature: float. What the dot products are divided by. Defaults to 1.
        same: Tensor or None. Bool, `(batch, batch)`: True where two rows stand for the same thing (the same target), so
            that they are no negatives of each other. Defaults to None: the rows themselves alone.

    Returns:
        The mean loss, a scalar.

    Example:
        >>> first, second = ops.eye(2), ops.eye(2)
        >>> round(float(sequence_contrast(first, second)), 4), round(float(sequence_contrast(first, second[::-1])), 4)
        (0.5514, 1.5514)

    Source: ELCRec, section 3.4.3, Eq. 4, with the denominator of SimCLR that its code uses.
    """
    batch = ops.shape(first)[0]
    itself = ops.eye(batch, dtype="bool")
    same = itself if same is None else ops.logical_or(same, itself)
    across = ops.matmul(first, ops.transpose(second)) / temperature
    positive = ops.diagonal(across)
    others = ops.where(same, _LEFT_OUT, across)
    terms = []
    for rows, cross in ((first, others), (second, ops.transpose(others))):
        within = ops.where(same, _LEFT_OUT, ops.matmul(rows, ops.transpose(rows)) / temperature)
        logits = ops.concatenate([positive[:, None], cross, within], axis=1)
        terms.append(ops.mean(ops.logsumexp(logits, axis=1) - positive))
    return (terms[0] + terms[1]) / 2.0


def intent_contrast(
    embeddings: Tensor, centers: Tensor, cluster: Tensor, temperature: float = 1.0, active: Tensor | None = None
) -> Tensor:
    """Each embedding against all centers; its nearest center is its positive.

    `mean_i -log(exp(s(h_i, c_a(i)) / t) / sum_j exp(s(h_i, c_j) / t))`, with `s` the dot product.

    Args:
        embeddings: Tensor. `(batch, dim)`.
        centers: Tensor. `(num_clusters, dim)`.
        cluster: Tensor. The number `a(i)` of each row's nearest center, an integer, `(batch,)`.
        temperature: float. What the dot products are divided by. Defaults to 1.
        active: Tensor or None. 1 for the clusters in use, 0 for those that are no negatives, `(num_clusters,)`.
            Defaults to None: all are in use.

    Returns:
        The mean loss, a scalar.

    Example:
        >>> cluster = ops.convert_to_tensor([0, 1])
        >>> round(float(intent_contrast(ops.eye(2), ops.eye(2), cluster)), 4)
        0.3133

    Source: ELCRec, section 3.4.3, Eq. 6. Its code takes only the centers of the batch's other users as negatives.
    """
    logits = ops.matmul(embeddings, ops.transpose(centers)) / temperature
    if active is not None:
        logits = ops.where(active > 0, logits, _LEFT_OUT)
    positive = ops.take_along_axis(logits, cluster[:, None], axis=1)[:, 0]
    return ops.mean(ops.logsumexp(logits, axis=1) - positive)


def batch_intent_contrast(embeddings: Tensor, centers: Tensor, cluster: Tensor, temperature: float = 1.0) -> Tensor:
    """Each embedding against the centers of the batch's rows; rows of the same cluster are no negatives of each other.

    `mean_i -log(p_i / (p_i + sum_{v: a(v) != a(i)} exp(s(h_i, c_a(v)) / t)))` with `p_i = exp(s(h_i, c_a(i)) / t)` and
    `s` the dot product. A cluster that holds many rows is so many negatives, and one that holds none is no negative.

    Args:
        embeddings: Tensor. `(batch, dim)`.
        centers: Tensor. `(num_clusters, dim)`.
        cluster: Tensor. The number `a(i)` of each row's cluster, an integer, `(batch,)`.
        temperature: float. What the dot products are divided by. Defaults to 1.

    Returns:
        The mean loss, a scalar.

    Example:
        >>> cluster = ops.convert_to_tensor([0, 0, 1])
        >>> round(float(batch_intent_contrast(ops.zeros((3, 2)), ops.eye(2), cluster)), 4)
        0.8283

    Source: ICLRec (Chen et al., 2022), the intent contrast with false negative mitigation.
    """
    own = ops.one_hot(cluster, centers.shape[0], dtype="float32")
    counts = ops.sum(own, axis=0)[None]
    weights = ops.where(own > 0, 1.0, counts)
    logits = ops.matmul(embeddings, ops.transpose(centers)) / temperature
    logits = ops.where(weights > 0, logits + ops.log(ops.maximum(weights, 1.0)), _LEFT_OUT)
    positive = ops.take_along_axis(logits, cluster[:, None], axis=1)[:, 0]
    return ops.mean(ops.logsumexp(logits, axis=1) - positive)
