"""How much of what comes has come, by the time that has passed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_MOST_STEPS = 1_000


class DelayCurve:
    """The share of the outcomes that come no later than so long after their rows.

    Args:
        steps: Delays in microseconds, rising: each stands for an equal share of the outcomes.

    Example:
        >>> curve = DelayCurve.of(np.array([10, 10, 20, 40]))
        >>> curve.shares(np.array([5, 10, 30, 40])).tolist()
        [0.0, 0.5, 0.75, 1.0]
    """

    def __init__(self, steps: Sequence[int]) -> None:
        self.steps = np.asarray(steps, np.int64)

    @classmethod
    def of(cls, delays: NDArray[np.int64]) -> DelayCurve:
        """The empirical distribution of delays; of more than a thousand, every so many of their order."""
        ordered = np.sort(delays)
        if len(ordered) > _MOST_STEPS:
            places = np.ceil(np.arange(1, _MOST_STEPS + 1) * len(ordered) / _MOST_STEPS).astype(np.int64) - 1
            ordered = ordered[places]
        return cls(ordered.tolist())

    def shares(self, elapsed: NDArray[np.int64]) -> NDArray[np.float64]:
        """The share for each time that has passed, in microseconds, from 0 to 1."""
        return np.searchsorted(self.steps, elapsed, side="right") / max(len(self.steps), 1)
