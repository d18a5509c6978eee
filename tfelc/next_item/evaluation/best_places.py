"""Where the best scores of a row stand, without sorting the others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def best_places(scores: NDArray[Any], count: int) -> NDArray[np.int64]:
    """The places of the highest scores, best first; of equal ones the first comes first.

    Args:
        scores: Array. Numbers, none of them NaN, `(scores,)`.
        count: int. How many are wanted; all of them where there are fewer.

    Example:
        >>> best_places(np.array([1.0, 3.0, 2.0, 3.0]), 3).tolist()
        [1, 3, 2]
    """
    last = len(scores) - count
    # The last score that is wanted, and with it whatever is as high: ties are broken by place.
    places = np.flatnonzero(scores >= np.partition(scores, last)[last]) if last > 0 else np.arange(len(scores))
    return places[np.argsort(-scores[places], kind="stable")][:count]
