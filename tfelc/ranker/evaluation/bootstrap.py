"""Paired bootstrap over users: is one set of predictions better than another on the same rows?"""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike, NDArray

from tfelc.core.errors import UsageError
from tfelc.lifecycle.evaluation.resampling import BootstrapResult, paired
from tfelc.metrics.checks import checked_labels, checked_seeds, checked_values, user_codes
from tfelc.metrics.registries import RANKER_METRICS
from tfelc.ranker.evaluation.user_statistic import user_statistic


def paired_bootstrap(
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    users: NDArray[Any],
    metric: str = "auc",
    replicates: int = 1000,
    seed: int = 0,
    requests: NDArray[Any] | None = None,
) -> BootstrapResult:
    """Resamples whole users, with replacement, and compares two sets of predictions on the same resamples.

    Users and not rows are drawn, since a user's impressions are no independent evidence. With several seeds of each
    model, the compared figure is the difference of the mean metrics over the seeds; the interval then covers the choice
    of users, not that of seeds.

    Args:
        labels: 0 or 1, or quantities where the metric is of these, `(rows,)`.
        first: Scores of the model to beat, `(rows,)`, or `(seeds, rows)`.
        second: Scores of the other model, likewise; the number of seeds may differ.
        users: User of each row, `(rows,)`.
        metric: A metric of `RANKER_METRICS` with an interval. Defaults to `auc`.
        replicates: Resamples. Defaults to 1000.
        seed: Seed of the resampling. Defaults to 0.
        requests: Request of each row, `(rows,)`, of one user each: a metric that is within users is then within these.
            Defaults to None.

    Returns:
        Difference (second minus first), 95 % interval and p-value; NaN where the labels do not define the metric. It
        takes O(rows) a replicate and seed.

    Raises:
        UsageError: There is no such metric, or it has no interval.
        DataError: A label is neither 0 nor 1, a score is not finite (or no probability, where the metric is of
            probabilities), a user is missing, or the lengths differ.
    """
    declared = RANKER_METRICS.get(metric)
    if declared.statistic is None:
        with_interval = [name for name in RANKER_METRICS.names() if RANKER_METRICS.get(name).statistic]
        raise UsageError(f"metric `{metric}` has no interval; use {', '.join(with_interval)}")
    checked = checked_values(labels) if declared.judges == "values" else checked_labels(labels)
    codes, count = user_codes(users, len(checked))
    before, after = (
        [
            user_statistic(declared, checked, scores, codes, count, requests)
            for scores in checked_seeds(predictions, len(checked))
        ]
        for predictions in (first, second)
    )
    return paired(before, after, count, replicates, seed)
