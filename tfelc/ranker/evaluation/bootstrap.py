"""Paired bootstrap over users: is one set of predictions better than another on the same rows?"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.lifecycle.evaluation.resampling import BootstrapResult, resampled
from tfelc.metrics.checks import checked_labels, checked_seeds, user_codes
from tfelc.metrics.gauc import user_aucs


def paired_bootstrap(
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    users: NDArray[Any],
    metric: Literal["auc", "gauc"] = "auc",
    replicates: int = 1000,
    seed: int = 0,
) -> BootstrapResult:
    """Resamples whole users, with replacement, and compares two sets of predictions on the same resamples.

    Users and not rows are drawn, since a user's impressions are no independent evidence. With several seeds of each
    model, the compared figure is the difference of the mean metrics over the seeds; the interval then covers the choice
    of users, not that of seeds.

    Args:
        labels: 0 or 1, `(rows,)`.
        first: Scores of the model to beat, `(rows,)`, or `(seeds, rows)`.
        second: Scores of the other model, likewise; the number of seeds may differ.
        users: User of each row, `(rows,)`.
        metric: `auc`, or `gauc` as in `tfelc.metrics.gauc`. Defaults to `auc`.
        replicates: Resamples. Defaults to 1000.
        seed: Of the resampling. Defaults to 0.

    Returns:
        Difference (second minus first), 95 % interval and p-value; NaN where the labels do not define the metric.
        O(rows) a replicate and seed.

    Raises:
        DataError: A label is neither 0 nor 1, a score is not finite, a user is missing, or the lengths differ.
    """
    checked = checked_labels(labels)
    codes, count = user_codes(users, len(checked))
    statistic = _Auc if metric == "auc" else _Gauc
    models = [
        [statistic(checked, scores, codes, count) for scores in checked_seeds(predictions, len(checked))]
        for predictions in (first, second)
    ]

    def differences(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        before, after = (np.mean([one.of(counts) for one in model], axis=0) for model in models)
        gained: NDArray[np.float64] = after - before
        return gained

    return resampled(differences, count, replicates, seed)


class _Auc:
    """AUC under any number of draws of each user: scores are sorted once, a replicate only changes the weights."""

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

    def of(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """The AUC of each replicate, `(replicates,)`, from the draws of each user, `(replicates, users)`."""
        # Whole numbers, whose running sum is several times as fast.
        return np.array([self._one(row) for row in counts.astype(np.int64)])

    def _one(self, counts: NDArray[np.int64]) -> float:
        negatives = np.zeros(len(self._negatives) + 1, np.int64)
        np.cumsum(counts[self._negatives], out=negatives[1:])
        positives = counts[self._positives]
        below = negatives[self._until]
        # A tie counts half.
        twice = 2 * (positives @ below) - positives[self._tied] @ (below[self._tied] - negatives[self._below_tie])
        pairs = positives.sum() * negatives[-1]
        return float(twice / (2 * pairs)) if pairs else float("nan")


class _Gauc:
    """GAUC under any number of draws of each user: a user's own AUC never changes."""

    def __init__(
        self, labels: NDArray[np.float64], scores: NDArray[np.float64], codes: NDArray[np.int64], count: int
    ) -> None:
        areas, impressions = user_aucs(labels, scores, codes, count)
        kept = ~np.isnan(areas)
        self._impressions = np.where(kept, impressions, 0.0)
        self._won = self._impressions * np.where(kept, areas, 0.0)

    def of(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """The GAUC of each replicate, `(replicates,)`, from the draws of each user, `(replicates, users)`."""
        covered = counts @ self._impressions
        value: NDArray[np.float64] = np.full(len(counts), np.nan)
        return np.divide(counts @ self._won, covered, out=value, where=covered > 0)
