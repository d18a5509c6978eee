"""Paired bootstrap over users: is one model's ranking better than another's?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.core.errors import DataError, UsageError
from tfelc.lifecycle.evaluation.resampling import BootstrapResult, resampled
from tfelc.next_item.evaluation.ranking_metrics import METRICS, ranking_gains


def paired_ranking_bootstrap(
    first: ArrayLike, second: ArrayLike, metric: str = "ndcg@20", replicates: int = 1000, seed: int = 0
) -> BootstrapResult:
    """Resamples users, with replacement, and compares two models' ranks of the same examples.

    With several seeds of each model, the compared figure is the difference of the mean metrics over the seeds; the
    interval then covers the choice of users, not that of seeds.

    Args:
        first: Ranks by the model to beat, one example a user, `(users,)`, or `(seeds, users)`.
        second: Ranks by the other model of the same examples, likewise; the number of seeds may differ.
        metric: A key of `ranking_metrics`. Defaults to `ndcg@20`.
        replicates: Resamples. Defaults to 1000.
        seed: Of the resampling. Defaults to 0.

    Raises:
        UsageError: There is no such metric.
        DataError: A rank is below 1, or the number of users differs.
    """
    if metric not in METRICS:
        raise UsageError(f"no metric `{metric}`; use {', '.join(METRICS)}")
    before, after = (_mean_gains(ranks, metric) for ranks in (first, second))
    if before.shape != after.shape:
        raise DataError(f"both models must rank the same users. Received: {len(before)} and {len(after)}")
    gained = (after - before) / len(before)
    return resampled(lambda counts: counts @ gained, len(gained), replicates, seed)


def _mean_gains(ranks: ArrayLike, metric: str) -> NDArray[np.float64]:
    by_seed = np.atleast_2d(np.asarray(ranks))
    return np.mean([ranking_gains(one, metric) for one in by_seed], axis=0)
