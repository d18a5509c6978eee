"""An array whose places have names, and what of it goes into another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def carried(old: Array, old_labels: Sequence[Sequence[Any]], new: Array, labels: Sequence[Sequence[Any]]) -> Array:
    """An array with the values of another one in the places that both have.

    Args:
        old: What is carried over.
        old_labels: Labels of each of its axes, each different.
        new: What stands in the other places.
        labels: Labels of each axis of the result.

    Returns:
        The array, of the shape of `new`.

    Example:
        >>> old, new = np.array([[1.0, 2.0], [3.0, 4.0]]), np.zeros((2, 3))
        >>> carried(old, ["ab", "xy"], new, ["bc", "zyx"]).tolist()
        [[0.0, 4.0, 3.0], [0.0, 0.0, 0.0]]
    """
    if not labels:
        return old.copy()
    into, out_of = [], []
    for ours, theirs in zip(labels, old_labels, strict=True):
        places = {label: place for place, label in enumerate(theirs)}
        pairs = [(place, places[label]) for place, label in enumerate(ours) if label in places]
        into.append(np.array([here for here, _ in pairs], np.int64))
        out_of.append(np.array([there for _, there in pairs], np.int64))
    result = new.copy()
    result[np.ix_(*into)] = old[np.ix_(*out_of)]
    return result
