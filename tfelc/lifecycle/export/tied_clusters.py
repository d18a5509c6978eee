"""Which of two clusters is the nearest is sometimes a matter of the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# Cosines of two centers this near to each other may change places by the order of float32 sums.
_TIE = 1e-5


def tied_clusters(assignment: npt.NDArray[Any], temperature: float) -> npt.NDArray[np.bool_]:
    """Where the two nearest centers are equally near, so that either is right.

    Args:
        assignment: Softmax of the similarities to the centers, `(rows, clusters)`.
        temperature: Its temperature.
    """
    if assignment.shape[1] < 2:
        return np.zeros(len(assignment), bool)
    first, second = np.sort(assignment.astype(np.float64), axis=1)[:, [-1, -2]].T
    tied: npt.NDArray[np.bool_] = second >= first * np.exp(-_TIE / temperature)
    return tied
