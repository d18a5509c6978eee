"""What happens to cluster centers beside the gradient: they follow a moving mean, they are merged or dropped."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from tfelc.core.batch_parts import batch_parts
from tfelc.losses.clustering import NEARLY_EMPTY

Tensor = Any

# Centers looked at in one step of `still_active`: keeps its cost linear in the number of clusters.
BLOCK = 64


def moving_means(centers: Tensor, embeddings: Tensor, shares: Tensor, momentum: float) -> Tensor:
    """Centers that follow the exponential moving mean of the embeddings assigned to them.

    `c_j + (1 - momentum^(k n_j / b)) (mean_j - c_j)`, with `n_j = sum_i p_ij` and `mean_j = sum_i p_ij h_i / n_j`.

    A center moves by its number of embeddings and not by steps: one that holds an even share, `n_j = b / k`, keeps
    `momentum` of where it was, a larger one less, and one that holds nothing stays.

    Args:
        centers: Tensor. Normalized rows, `(num_clusters, dim)`.
        embeddings: Tensor. Normalized rows, `(batch, dim)`.
        shares: Tensor. Assignments, soft or one-hot, `(batch, num_clusters)`.
        momentum: float. What a center that holds an even share keeps of where it was, in (0, 1).

    Returns:
        The new centers, `(num_clusters, dim)`, of length 1 at most.

    Example:
        >>> centers, embeddings = ops.eye(2), ops.convert_to_tensor([[0.0, 1.0], [0.0, 1.0]])
        >>> shares = ops.convert_to_tensor([[1.0, 0.0], [1.0, 0.0]])
        >>> moving_means(centers, embeddings, shares, momentum=0.5).numpy().tolist()
        [[0.25, 0.75], [0.0, 1.0]]

    Source: ELCRec, section 6 (momentum updates, left to future work); van den Oord et al. (2017), appendix A.1.
    """
    batch = ops.cast(ops.shape(embeddings)[0], "float32")
    counts, sums = batch_parts().mean([ops.sum(shares, axis=0)[:, None], ops.matmul(ops.transpose(shares), embeddings)])
    means = sums / ops.maximum(counts, 1e-12)
    rate = 1.0 - ops.power(momentum, counts * (centers.shape[0] / batch))
    return centers + rate * (means - centers)


def still_active(centers: Tensor, share: Tensor, active: Tensor, temperature: float, first: Tensor) -> Tensor:
    """The clusters that stay in use once close centers are merged and nearly empty ones dropped.

    - Merged: of two centers with `1 - <c_i, c_j> < temperature`, the one that holds less goes. So close, even an
      embedding that lies on one of them is assigned to it by odds of less than e to 1. Centers inside one dense region
      fall together under `soft` and meet this; where the density has a valley that the temperature resolves, they do
      not.
    - Dropped: one that holds less than a tenth of an even share.

    Only a center that is itself near no larger one takes others in, so that a chain of near centers does not vanish at
    once. The centers `first .. first + 63` are compared with all; calls that go round meet every pair. The largest
    cluster always stays.

    Args:
        centers: Tensor. Normalized rows, `(num_clusters, dim)`.
        share: Tensor. Share of the embeddings that each cluster holds, `(num_clusters,)`.
        active: Tensor. 1 for the clusters in use, 0 for the others, `(num_clusters,)`.
        temperature: float. Temperature of the assignment.
        first: Tensor. The first center of the block, an integer.

    Returns:
        `active` with zeros where a cluster was merged or dropped.

    Example:
        >>> centers = ops.convert_to_tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> share, active = ops.convert_to_tensor([0.5, 0.3, 0.2]), ops.ones(3)
        >>> still_active(centers, share, active, temperature=0.1, first=0).numpy().tolist()
        [1.0, 0.0, 1.0]
    """
    count = centers.shape[0]
    columns = np.arange(count)
    rows = (ops.cast(first, "int32") + np.arange(min(count, BLOCK), dtype="int32")) % count
    close = ops.matmul(ops.take(centers, rows, axis=0), ops.transpose(centers)) > 1.0 - temperature
    in_use = ops.logical_and(ops.take(active, rows)[:, None] > 0, active[None] > 0)
    near = ops.logical_and(ops.logical_and(close, in_use), rows[:, None] != columns)
    own = ops.take(share, rows)[:, None]
    # Of two that hold the same, the first counts as the larger.
    larger = ops.logical_or(own > share[None], ops.logical_and(own == share[None], rows[:, None] < columns))
    is_peak = ops.logical_not(ops.any(ops.logical_and(near, ops.logical_not(larger)), axis=1, keepdims=True))
    merged = ops.any(ops.logical_and(near, is_peak), axis=0)
    held = ops.where(active > 0, share, 0.0)
    empty = ops.logical_and(held < NEARLY_EMPTY / count, held < ops.max(held))
    return ops.where(ops.logical_or(merged, empty), 0.0, active)
