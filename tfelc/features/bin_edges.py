"""Where the bins of a number begin and end."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def bin_edges(values: NDArray[np.floating[Any]], bins: int) -> tuple[float, ...]:
    """Edges of bins that hold about equally many values each.

    A value that is frequent enough to fill bins of its own counts as one bin full: what is left of a number of which
    nine in ten rows are 0 is still told apart. A number of few distinct values has an edge at each of them.

    Args:
        values: Array. The finite values, `(rows,)`.
        bins: int. The most bins that there may be.

    Returns:
        The edges in ascending order, one more than there are bins; none where all values are equal.

    Example:
        >>> bin_edges(np.array([0.0] * 900 + list(range(1, 101))), bins=8)
        (0.0, 16.0, 44.0, 72.0, 100.0)
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < 2:
        return ()
    if len(distinct) <= bins + 1:
        return tuple(distinct.tolist())
    filled = np.cumsum(np.minimum(counts, len(values) / bins))
    places = np.searchsorted(filled, np.linspace(0, filled[-1], bins + 1)[1:-1])
    inner = distinct[np.minimum(places, len(distinct) - 1)]
    return tuple(np.unique(np.concatenate([distinct[:1], inner, distinct[-1:]])).tolist())
