"""Clustering objectives: pure functions of L2-normalized embeddings and centers.

Each takes embeddings `h`, `(batch, dim)`, and centers `c`, `(num_clusters, dim)`, both float32 with rows of length 1,
and returns a scalar. No tensor is larger than `(batch, num_clusters)` or `(num_clusters, num_clusters)`. The trade-off
weight alpha is applied by the caller.

Where the number of clusters is found by the model, `active` says which are still in use, `(num_clusters,)` of 0 and 1.
The others then take no part, and `spread` and `balance` are left out: they would hold apart, and fill, what is to be
merged or dropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from keras import ops

from tfelc.core.batch_parts import batch_parts

Tensor = Any

SPREAD_TEMPERATURE = 0.1
# A cluster that holds less than this part of an even share is nearly empty.
NEARLY_EMPTY = 0.1
# Further than any cosine, and finite: an infinity times a share of 0 would not be a number.
_CLOSED = -1e9


def paper(embeddings: Tensor, centers: Tensor, temperature: float = 0.1, active: Tensor | None = None) -> Tensor:
    """The paper's objective: every center away from every other, every embedding to every center.

    `-1 / ((k - 1) k) sum_i sum_{j != i} ||c_i - c_j||^2 + 1 / (b k) sum_i sum_j ||h_i - c_j||^2`

    It lies in [-4, 4]. The double sums are expanded, which is exact for rows of any length:
    `sum_i sum_j ||x_i - y_j||^2 = k sum_i ||x_i||^2 + b sum_j ||y_j||^2 - 2 <sum_i x_i, sum_j y_j>`,
    so the cost is O((b + k) dim) and no pairwise tensor is made. A single center has no pairs: the first term is 0.

    Gradient: for rows of length 1 and `m = mean_j c_j` the objective is
    `2 k / (k - 1) (||m||^2 - 1) + 2 - 2 <mean_i h_i, m>`. It depends on the mean center alone, so all centers receive
    the same gradient (up to the projection on the sphere): it moves them together and cannot tell one from another.
    `nearest` and `soft` can.

    Args:
        embeddings: Tensor. Normalized rows, `(batch, dim)`.
        centers: Tensor. Normalized rows, `(num_clusters, dim)`.
        temperature: float. Not used; all objectives are called alike.
        active: Tensor or None. The clusters in use, `(num_clusters,)`; see the module. Defaults to None: all.

    Example:
        >>> centers = ops.eye(2)
        >>> float(paper(centers, centers))  # -2 for the centers' distance, 1 for that of the embeddings to both
        -1.0

    Source: ELCRec, section 3.4.2, Eq. 3.
    """
    batch = ops.cast(ops.shape(embeddings)[0], embeddings.dtype)
    used = ops.ones((centers.shape[0],), dtype=centers.dtype) if active is None else active
    count = ops.sum(used)
    center_sum = ops.sum(used[:, None] * centers, axis=0)
    center_squares = ops.sum(used[:, None] * ops.square(centers))
    pull = (
        ops.sum(ops.square(embeddings)) / batch
        + center_squares / count
        - 2.0 * ops.sum(ops.mean(embeddings, axis=0) * center_sum) / count
    )
    pairs = 2.0 * count * center_squares - 2.0 * ops.sum(ops.square(center_sum))
    return pull - pairs / ops.maximum(count * (count - 1.0), 1.0)


def nearest(embeddings: Tensor, centers: Tensor, temperature: float = 0.1, active: Tensor | None = None) -> Tensor:
    """Each embedding to its nearest center, close centers apart, no cluster empty.

    `1/b sum_i ||h_i - c_a(i)||^2 + spread(c) + balance(p)`, with `a(i) = argmax_j <h_i, c_j>`.

    Gradient: the pull acts on one center an embedding, as in K-means, and on the embedding; the choice of the center
    itself has none. A center that is nearest to nothing is moved by `spread` and `balance` alone.

    Args:
        embeddings: Tensor. Normalized rows, `(batch, dim)`.
        centers: Tensor. Normalized rows, `(num_clusters, dim)`.
        temperature: float. Temperature of the soft assignment that `balance` uses. Defaults to 0.1.
        active: Tensor or None. The clusters in use, `(num_clusters,)`; see the module. Defaults to None: all.

    Example:
        >>> centers = ops.eye(2)
        >>> round(float(nearest(centers, centers)), 4), round(float(nearest(centers[:1], centers)), 4)
        (0.0, 3.5022)
    """
    if active is not None:
        embeddings = ops.stop_gradient(embeddings)
    similarity = similarities(embeddings, centers, active)
    pull = 2.0 - 2.0 * ops.mean(ops.max(similarity, axis=-1))
    return pull if active is not None else pull + spread(centers) + balance(similarity, temperature)


def soft(embeddings: Tensor, centers: Tensor, temperature: float = 0.1, active: Tensor | None = None) -> Tensor:
    """Each embedding to the centers in proportion to its assignment, close centers apart, no cluster empty.

    `1/b sum_i sum_j p_ij ||h_i - c_j||^2 + spread(c) + balance(p)`, with `p_i = softmax_j(<h_i, c_j> / temperature)`.

    Gradient: the pull holds the assignment fixed (no gradient through `p`), as the M-step of a mixture does: a
    center is drawn to each embedding in proportion to its share, and is never pushed away from one. With a gradient
    through `p` a center that is somewhat far would be repelled, and die. `balance` does go through `p`.

    Without spread and balance (where `active` is known) centers that the temperature cannot tell apart fall together,
    which is what makes them mergeable (Rose 1998, deterministic annealing).

    Args:
        embeddings: Tensor. Normalized rows, `(batch, dim)`.
        centers: Tensor. Normalized rows, `(num_clusters, dim)`.
        temperature: float. Temperature of the softmax over the cosine similarities. Defaults to 0.1.
        active: Tensor or None. The clusters in use, `(num_clusters,)`; see the module. Defaults to None: all.

    Example:
        >>> embeddings = ops.normalize([[1.0, 0.2], [0.2, 1.0]])
        >>> round(float(soft(embeddings, ops.eye(2))), 4)
        0.0395
    """
    if active is not None:
        embeddings = ops.stop_gradient(embeddings)
    similarity = similarities(embeddings, centers, active)
    shares = ops.stop_gradient(assignment(similarity, temperature))
    pull = 2.0 - 2.0 * ops.mean(ops.sum(shares * similarity, axis=-1))
    return pull if active is not None else pull + spread(centers) + balance(similarity, temperature)


def similarities(embeddings: Tensor, centers: Tensor, active: Tensor | None = None) -> Tensor:
    """Cosines of normalized rows; far below any cosine for the clusters that are not in use.

    Args:
        embeddings: Tensor. Normalized rows, `(batch, dim)`.
        centers: Tensor. Normalized rows, `(num_clusters, dim)`.
        active: Tensor or None. The clusters in use, `(num_clusters,)`. Defaults to None: all.

    Returns:
        Tensor of shape `(batch, num_clusters)`.

    Example:
        >>> similarities(ops.eye(2)[:1], ops.eye(2)).numpy().tolist()
        [[1.0, 0.0]]
    """
    cosines = ops.matmul(embeddings, ops.transpose(centers))
    return cosines if active is None else ops.where(active > 0, cosines, _CLOSED)


def assignment(similarity: Tensor, temperature: float) -> Tensor:
    """Softmax over the clusters of the cosine similarity.

    Args:
        similarity: Tensor. Cosines, `(batch, num_clusters)`.
        temperature: float. Temperature of the softmax.

    Returns:
        Tensor of shape `(batch, num_clusters)`, rows that sum to 1.

    Example:
        >>> assignment(ops.convert_to_tensor([[1.0, 1.0], [1.0, 0.0]]), temperature=1.0).numpy().round(2)
        array([[0.5 , 0.5 ],
               [0.73, 0.27]], dtype=float32)
    """
    return ops.softmax(similarity / temperature, axis=-1)


def spread(centers: Tensor) -> Tensor:
    """How close the closest centers are: a smooth maximum of the pairwise cosines, in [-1, 1].

    `t log(1 / (k (k - 1)) sum_i sum_{j != i} exp(<c_i, c_j> / t))` with `t = 0.1`.

    Gradient: the pairs share a total weight of 1 by a softmax of their cosine over `t`, so a pair that has fallen
    together takes nearly all of it and pairs far apart feel next to nothing. A single center gives 0.

    Args:
        centers: Tensor. Normalized rows, `(num_clusters, dim)`.

    Example:
        >>> float(spread(ops.eye(2))), float(spread(ops.ones((2, 1))))
        (0.0, 1.0)

    Source: the uniformity loss of Wang and Isola (2020), scaled to the range of a cosine.
    """
    count = centers.shape[0]
    if count == 1:
        return ops.zeros((), dtype=centers.dtype)
    cosines = ops.matmul(centers, ops.transpose(centers))
    # A large negative number instead of -inf: the gradient of exp(-inf) is not a number on every backend.
    cosines = cosines - 1e9 * ops.eye(count, dtype=centers.dtype)
    total = ops.logsumexp(cosines / SPREAD_TEMPERATURE)
    return SPREAD_TEMPERATURE * (total - math.log(count * (count - 1)))


def balance(similarity: Tensor, temperature: float) -> Tensor:
    """How far clusters are from holding a tenth of an even share; 0 once all do.

    `1/k sum_j max(0, log(0.1 / k) - log q_j)`, with `q = 1/b sum_i p_i` and `p_i = softmax_j(similarity_ij / t)`.

    Gradient: of weight `1 / k` for each cluster that is nearly empty, whatever its emptiness: it draws such a center
    and the embeddings closest to it together. A cluster that holds a tenth of an even share feels nothing, so groups of
    unequal size stay whole. (The entropy of `q`, or Sinkhorn's assignment, asks for equal sizes and splits the large
    ones.)

    Args:
        similarity: Tensor. Cosines, `(batch, num_clusters)`.
        temperature: float. Temperature of the softmax.

    Example:
        >>> similarity = ops.convert_to_tensor([[1.0, 0.0], [1.0, 0.2]])
        >>> round(float(balance(similarity, temperature=1.0)), 4), round(float(balance(similarity, 0.1)), 4)
        (0.0, 2.7854)
    """
    batch = ops.cast(ops.shape(similarity)[0], similarity.dtype)
    log_mean = ops.logsumexp(ops.log_softmax(similarity / temperature, axis=-1), axis=0) - ops.log(batch)
    log_mean = _over_parts(log_mean)
    return ops.mean(ops.relu(math.log(NEARLY_EMPTY / similarity.shape[-1]) - log_mean))


def _over_parts(log_mean: Tensor) -> Tensor:
    """The logarithm of a mean over the whole batch, from that over this part of it.

    Its gradient is that of this part, times the number of parts: gradients are means over them.
    """
    parts = batch_parts()
    if parts.count == 1:
        return log_mean
    own = ops.one_hot(parts.rank, parts.count, dtype=log_mean.dtype)[:, None]
    (shared,) = parts.mean([ops.stop_gradient(own * log_mean)])
    whole = ops.logsumexp(shared * parts.count, axis=0) - math.log(parts.count)
    fixed = ops.stop_gradient(log_mean)
    return whole + ops.exp(fixed - whole) * (log_mean - fixed)


OBJECTIVES: dict[str, Callable[[Tensor, Tensor, float, Tensor | None], Tensor]] = {
    "paper": paper,
    "nearest": nearest,
    "soft": soft,
}
