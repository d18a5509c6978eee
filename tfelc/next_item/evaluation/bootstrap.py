"""Paired bootstrap over users: is one model's ranking better than another's?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tfelc.core.errors import DataError
from tfelc.lifecycle.evaluation.resampling import BootstrapResult, resampled
from tfelc.metrics.registries import RANKING_METRICS


def paired_ranking_bootstrap(
    first: ArrayLike, second: ArrayLike, metric: str = "ndcg@20", replicates: int = 1000, seed: int = 0
) -> BootstrapResult:
    """Resamples users, with replacement, and compares two models' ranks of the same examples.

    With several seeds of each model, the compared figure is the difference of the mean metrics over the seeds; the
    interval then covers the choice of users, not that of seeds.

    Args:
        first: Ranks by the model to beat, one example a user, `(users,)`, or `(seeds, users)`.
        second: Ranks by the other model of the same examples, likewise; the number of seeds may differ.
        metric: A metric of `RANKING_METRICS`. Defaults to `ndcg@20`.
        replicates: Resamples. Defaults to 1000.
        seed: Seed of the resampling. Defaults to 0.

    Raises:
        UsageError: There is no such metric.
        DataError: A rank is no whole number from 1, or the number of users differs.
    """
    gains = RANKING_METRICS.get(metric).gains
    before, after = (np.mean([gains(one) for one in np.atleast_2d(ranks)], axis=0) for ranks in (first, second))
    if before.shape != after.shape:
        raise DataError(f"both models must rank the same users. Received: {len(before)} and {len(after)}")
    # Each user's own gain, since the metric is a mean over users.
    gained = (after - before) / len(before)
    return resampled(lambda draws: draws @ gained, len(gained), replicates, seed)
