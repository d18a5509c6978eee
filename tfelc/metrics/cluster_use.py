"""How many clusters are in use."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_distributions


class ClusterUse(NamedTuple):
    """The result of `cluster_use`.

    Attributes:
        in_use: Effective number of clusters, exp of the entropy of the mean assignment, in [1, clusters].
        largest_share: Share of the rows in the largest cluster, each row in its likeliest one, in (0, 1].

    Example:
        >>> ClusterUse(in_use=2.8, largest_share=0.5).largest_share
        0.5
    """

    in_use: float
    largest_share: float


def cluster_use(assignments: ArrayLike) -> ClusterUse:
    """How evenly the clusters are used: `exp(-sum_j q_j log q_j)` with `q` the mean assignment, and the largest share.

    Args:
        assignments: Soft assignments, `(rows, clusters)`.

    Raises:
        DataError: A row is no distribution.

    Example:
        >>> use = cluster_use([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
        >>> round(use.in_use, 3), use.largest_share
        (2.828, 0.5)
    """
    checked = checked_distributions(assignments, "cluster assignments")
    mean = checked.mean(axis=0)
    counts = np.bincount(checked.argmax(axis=1))
    return ClusterUse(effective_number(mean / mean.sum()), float(counts.max() / len(checked)))


def effective_number(shares: NDArray[np.floating[Any]]) -> float:
    """`exp(-sum_j q_j log q_j)` of shares `q`: as many equal shares would be as mixed as these.

    Args:
        shares: At least 0 and of sum 1, `(parts,)`.

    Returns:
        The number, in [1, parts].

    Example:
        >>> round(effective_number(np.array([0.5, 0.25, 0.25, 0.0])), 3)
        2.828
    """
    used = shares[shares > 0]
    return float(np.exp(-np.sum(used * np.log(used))))
