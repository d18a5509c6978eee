"""Whether two assignments of the same rows to clusters agree."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import DataError


def assignment_agreement(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Adjusted Rand index of two assignments: 1 where they are the same up to names, about 0 where they are unrelated.

    The assignments may be those of two seeds or runs on the same split, or of a run and the users' groups.

    Args:
        first: Cluster or group of each row, `(rows,)`, or soft assignments, `(rows, clusters)`, of which the likeliest
            counts. A row that is None on either side is left out.
        second: The other assignment of the same rows, likewise.

    Returns:
        The index, in [-0.5, 1]; NaN without a row.

    Raises:
        DataError: The numbers of rows differ.

    Example:
        >>> assignment_agreement(np.array([0, 0, 1, 1]), np.array(["x", "x", "y", "y"]))
        1.0

    Source: Hubert and Arabie (1985).
    """
    if len(first) != len(second):
        raise DataError(f"two assignments of the same rows are compared. Received: {len(first)} and {len(second)} rows")
    one, other = _numbered(first), _numbered(second)
    known = (one >= 0) & (other >= 0)
    if not known.any():
        return float("nan")

    # Imported here: it loads slowly and the other metrics do without.
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(one[known], other[known]))


def _numbered(assignment: NDArray[Any]) -> NDArray[np.int64]:
    # Imported here: pandas loads slowly and the other metrics do without.
    import pandas as pd

    values = np.asarray(assignment)
    codes: NDArray[np.int64] = pd.factorize(values.argmax(axis=1) if values.ndim == 2 else values)[0]
    return codes
