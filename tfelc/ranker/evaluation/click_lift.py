"""What a better order would bring: the rate among each user's first half, of one set of predictions beside another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.lifecycle.evaluation.resampling import BootstrapResult, resampled
from tfelc.metrics.checks import checked_labels, checked_seeds, user_codes


def paired_click_lift(
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    users: NDArray[Any],
    replicates: int = 1000,
    seed: int = 0,
) -> BootstrapResult:
    """Simulates a feed half as long, at the same exposure for both: `rate(second) / rate(first) - 1`.

    Each user's impressions are ranked by score and the first `n_u // 2` are shown; the rate is that of positives among
    all that is shown. At a tie each of the tied impressions is shown in part. Whole users are resampled, with
    replacement. With several seeds of each model, the rates are means over the seeds; the interval then covers the
    choice of users, not that of seeds.

    The log says what came of impressions that were really shown; no order can bring in others.

    Args:
        labels: 0 or 1, `(rows,)`.
        first: Scores of the model to beat, `(rows,)`, or `(seeds, rows)`.
        second: Scores of the other model, likewise; the number of seeds may differ.
        users: User of each row, `(rows,)`.
        replicates: Resamples. Defaults to 1000.
        seed: Of the resampling. Defaults to 0.

    Returns:
        The relative lift, its 95 % interval and p-value; NaN where the first model's half holds no positive.

    Raises:
        DataError: A label is neither 0 nor 1, a score is not finite, a user is missing, or the lengths differ.
    """
    checked = checked_labels(labels)
    codes, count = user_codes(users, len(checked))
    before, after = (
        np.mean([_won(checked, scores, codes, count) for scores in checked_seeds(predictions, len(checked))], axis=0)
        for predictions in (first, second)
    )

    def lifts(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        base = counts @ before
        return np.divide(counts @ after, base, out=np.full(len(counts), np.nan), where=base > 0) - 1

    return resampled(lifts, count, replicates, seed)


def _won(
    labels: NDArray[np.float64], scores: NDArray[np.float64], codes: NDArray[np.int64], count: int
) -> NDArray[np.float64]:
    """Positives in the first half of each user's impressions, `(count,)`."""
    order = np.lexsort((-scores, codes))
    user, ordered, outcome = codes[order], scores[order], labels[order]
    shown = np.bincount(codes, minlength=count) // 2
    begins = np.searchsorted(user, np.arange(count))
    starts = np.flatnonzero(np.r_[True, (user[1:] != user[:-1]) | (ordered[1:] != ordered[:-1])])
    sizes = np.diff(np.r_[starts, len(user)])
    owner = user[starts]
    places = np.clip(shown[owner] - (starts - begins[owner]), 0, sizes)
    won: NDArray[Any] = np.bincount(owner, np.add.reduceat(outcome, starts) * places / sizes, minlength=count)
    return won
