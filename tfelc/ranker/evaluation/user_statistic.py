"""A metric under draws of whole users, whatever it is within."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.metrics.checks import user_codes
from tfelc.metrics.ranker_metric import RankerMetric
from tfelc.metrics.statistic import Statistic


def user_statistic(
    metric: RankerMetric,
    labels: NDArray[np.float64],
    scores: NDArray[np.float64],
    codes: NDArray[np.int64],
    count: int,
    requests: NDArray[Any] | None = None,
) -> Statistic:
    """The metric of rows for a bootstrap over users.

    Args:
        metric: A metric with an interval.
        labels: 0 or 1, or quantities, `(rows,)`.
        scores: Finite scores, `(rows,)`.
        codes: Number of each row's user, `(rows,)`.
        count: Number of users, those without a row among them.
        requests: Request of each row, `(rows,)`, of one user each: a metric that is within users is then within these.
            Defaults to None.
    """
    assert metric.statistic is not None
    if requests is None or not metric.needs_users:
        return metric.statistic(labels, scores, codes, count)
    places, number = user_codes(requests, len(labels))
    owners = np.zeros(number, np.int64)
    owners[places] = codes
    by_request = metric.statistic(labels, scores, places, number)
    # A user who is drawn comes with all requests.
    return lambda draws: by_request(draws[:, owners])
