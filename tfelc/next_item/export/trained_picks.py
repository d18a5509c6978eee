"""Items that are picked one after another, by NumPy: what the graph of an export is held against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.next_item.export.picks import POOL, POOL_TIMES


def trained_picks(
    scores: NDArray[np.float32],
    width: int,
    diversity: float,
    vectors: NDArray[np.float32],
    caps: Sequence[tuple[NDArray[np.int32], int]],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """As `greedy_picks`.

    Args:
        scores: `(rows, items)`, `-inf` where an item may not be picked.
        width: The items wanted.
        diversity: From 0 to 1.
        vectors: The items, of length 1, `(items, dim)`.
        caps: Codes of a category by item, 0 for none, and how many items of one value there may be.

    Returns:
        Places of the items in the order in which they were picked, -1 where none was left, `(rows, width)`, and the
        least lead of a pick over the next best, `(rows,)`.
    """
    picked = np.full((len(scores), width), -1, np.int64)
    leads = np.full(len(scores), np.inf)
    for row, of_row in enumerate(scores):
        places = _places(of_row, width) if diversity else of_row
        left, nearest = of_row > -np.inf, np.zeros(len(of_row), np.float32)
        counts: list[dict[int, int]] = [{} for _ in caps]
        for step in range(min(width, int(left.sum()))):
            if not left.any():
                break
            value = np.where(left, (1 - diversity) * places - diversity * nearest if diversity else places, -np.inf)
            item = int(np.argmax(value))
            leads[row] = min(leads[row], _lead(value, item))
            picked[row, step], left[item] = item, False
            near = vectors @ vectors[item]
            nearest = np.maximum(nearest, near) if step else near
            for (codes, most), count in zip(caps, counts, strict=True):
                code = int(codes[item])
                count[code] = count.get(code, 0) + 1
                if code and count[code] >= most:
                    left &= codes != code
    return picked, leads


def _places(scores: NDArray[np.float32], width: int) -> NDArray[Any]:
    """Where a score lies between the best one and that of the last item of the pool."""
    best = -np.sort(-scores)[: max(POOL, POOL_TIMES * width)]
    finite = best[best > -np.inf]
    if not len(finite):
        return np.zeros_like(scores)
    # Where all of the pool score alike, what scores less lies below it still.
    span = finite[0] - finite[-1] if finite[0] > finite[-1] else 1.0
    # What may not be picked lies nowhere.
    known = np.where(scores > -np.inf, scores, finite[-1])
    places: NDArray[Any] = (known - finite[-1]) / span
    return places


def _lead(values: NDArray[Any], item: int) -> float:
    others = np.delete(values, item)
    following = others.max(initial=-np.inf)
    # The first of equal ones is no matter of the last bits.
    return np.inf if following in (values[item], -np.inf) else float(values[item] - following)
