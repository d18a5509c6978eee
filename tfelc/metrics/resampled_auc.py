"""Area under the ROC curve for a bootstrap over users."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class ResampledAuc:
    """AUC under any number of draws of each user: scores are sorted once, a replicate only changes the weights.

    It is a `Statistic`; a call takes O(rows) a replicate.

    Args:
        labels: 0 or 1, `(rows,)`.
        scores: Finite scores, `(rows,)`.
        codes: Number of each row's user from 0, `(rows,)`.
        count: Number of users.

    Example:
        >>> labels, scores = np.array([1.0, 0.0, 0.0]), np.array([0.5, 0.9, 0.1])
        >>> area = ResampledAuc(labels, scores, np.array([0, 0, 1]), 2)
        >>> area(np.array([[1.0, 1.0], [1.0, 0.0]])).tolist()
        [0.5, 0.0]
    """

    def __init__(
        self, labels: NDArray[np.float64], scores: NDArray[np.float64], codes: NDArray[np.int64], count: int
    ) -> None:
        order = np.argsort(scores)
        ordered, positive, users = scores[order], labels[order] > 0, codes[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        ends = np.r_[starts[1:], len(ordered)]
        tie = np.cumsum(np.r_[0, ordered[1:] != ordered[:-1]])[positive]
        below = np.r_[0, np.cumsum(~positive)]
        self._positives, self._negatives = users[positive], users[~positive]
        # Of each positive, the negatives below it, with and without those of its own score.
        self._until = below[ends[tie]]
        below_tie = below[starts[tie]]
        self._tied = np.flatnonzero(below_tie < self._until)
        self._below_tie = below_tie[self._tied]

    def __call__(self, draws: NDArray[np.float64]) -> NDArray[np.float64]:
        """The AUC of each resample, `(replicates,)`, from the draws of each user, `(replicates, users)`."""
        # Whole numbers, whose running sum is several times as fast.
        return np.array([self._one(row) for row in draws.astype(np.int64)])

    def _one(self, draws: NDArray[np.int64]) -> float:
        negatives = np.zeros(len(self._negatives) + 1, np.int64)
        np.cumsum(draws[self._negatives], out=negatives[1:])
        positives = draws[self._positives]
        below = negatives[self._until]
        # A tie counts half.
        twice = 2 * (positives @ below) - positives[self._tied] @ (below[self._tied] - negatives[self._below_tie])
        pairs = positives.sum() * negatives[-1]
        return float(twice / (2 * pairs)) if pairs else float("nan")
