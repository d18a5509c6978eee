"""How differently the gate treats the groups of users."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.core.errors import DataError
from tfelc.metrics.checks import checked_distributions


def gate_distance(weights: ArrayLike, groups: NDArray[Any]) -> float:
    """Mean total variation distance between the groups' mean gate vectors.

    `mean over pairs g < h of 1/2 sum_e |w_ge - w_he|`, with `w_g` the mean of a group's weights: 0 where the gate mixes
    the experts alike for all groups, 1 where no two groups share an expert.

    Args:
        weights: A gate's softmax, `(rows, experts)`.
        groups: Group of each row, `(rows,)`, None where it is in none.

    Returns:
        The distance, in [0, 1]; NaN with fewer than two groups.

    Raises:
        DataError: A row is no distribution, or the lengths differ.

    Example:
        >>> gate_distance([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]], np.array(["new", "new", "old"], dtype=object))
        0.75
    """
    checked = checked_distributions(weights, "gate weights")
    if len(groups) != len(checked):
        raise DataError(f"metrics need one group a row, ({len(checked)},). Received: {len(groups)}")
    names = sorted({group for group in groups if group is not None})
    means = [checked[groups == name].mean(axis=0) for name in names]
    distances = [np.abs(one - other).sum() / 2 for one, other in combinations(means, 2)]
    return float(np.mean(distances)) if distances else float("nan")
