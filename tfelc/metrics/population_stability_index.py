"""How far a distribution has moved."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

# A bin that is empty on one side would make the index infinite.
_SMALLEST_SHARE = 1e-4


def population_stability_index(expected: ArrayLike, observed: ArrayLike) -> float:
    """Population stability index: `sum((o - e) * ln(o / e))` over the bins' shares.

    Below 0.1 nothing much has moved, above 0.2 something has (Siddiqi, Credit Risk Scorecards, 2006). A share under
    0.0001 counts as 0.0001.

    Args:
        expected: Counts or shares of each bin, as they were, `(bins,)`.
        observed: Counts or shares of each bin, as they are, `(bins,)`.

    Returns:
        The index, at least 0; NaN where either side is empty.

    Example:
        >>> round(population_stability_index([5, 5], [70, 30]), 3)
        0.169
    """
    counts = np.stack([np.asarray(expected, np.float64), np.asarray(observed, np.float64)])
    totals = counts.sum(axis=1, keepdims=True)
    if not totals.all():
        return float("nan")
    before, now = np.maximum(counts / totals, _SMALLEST_SHARE)
    return float(((now - before) * np.log(now / before)).sum())
