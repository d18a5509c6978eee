"""What the clusters tell about the groups of users."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import DataError


class GroupInformation(NamedTuple):
    """The result of `group_information`.

    Attributes:
        nats: Mutual information of cluster and group, in nats.
        share: The same as a share of the groups' entropy, in [0, 1]; NaN where there is only one group.

    Example:
        >>> GroupInformation(nats=0.216, share=0.311).share
        0.311
    """

    nats: float
    share: float


def group_information(clusters: NDArray[np.integer[Any]], groups: NDArray[Any]) -> GroupInformation:
    """Mutual information of the rows' clusters and groups: 0 if unrelated, all if the cluster gives the group away.

    `sum_jg p_jg log(p_jg / (p_j p_g))`. It does not fall when a group is spread over several clusters of its own;
    `assignment_agreement` does.

    Args:
        clusters: Number of each row's cluster, `(rows,)`.
        groups: Group of each row, `(rows,)`; a row that is None is left out.

    Raises:
        DataError: The lengths differ, or no row has a group.

    Example:
        >>> found = group_information(np.array([0, 0, 0, 1]), np.array(["a", "a", "b", "b"]))
        >>> round(found.nats, 3), round(found.share, 3)
        (0.216, 0.311)
    """
    # Imported here: pandas loads slowly and the other metrics do without.
    import pandas as pd

    if len(clusters) != len(groups):
        raise DataError(f"metrics need one group a row, ({len(clusters)},). Received: {len(groups)}")
    codes, names = pd.factorize(np.asarray(groups, dtype=object))
    known = codes >= 0
    if not known.any():
        raise DataError("group information needs a row with a group")
    numbers, found = pd.factorize(np.asarray(clusters)[known])
    counts = np.bincount(numbers * len(names) + codes[known], minlength=len(found) * len(names))
    joint = counts.reshape(len(found), len(names)) / known.sum()
    nats = _entropy(joint.sum(axis=1)) + _entropy(joint.sum(axis=0)) - _entropy(joint)
    whole = _entropy(joint.sum(axis=0))
    nats = min(max(nats, 0.0), whole)
    return GroupInformation(nats, nats / whole if whole else float("nan"))


def _entropy(shares: NDArray[np.float64]) -> float:
    positive = shares[shares > 0]
    return float(-np.sum(positive * np.log(positive)))
