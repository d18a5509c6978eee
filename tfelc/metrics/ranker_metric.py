"""The declaration of a metric of what a ranker predicts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tfelc.metrics.metric import Metric
from tfelc.metrics.statistic import Statistic

# What the outputs of a ranker are.
Judged = Literal["probabilities", "values"]
StatisticMaker = Callable[[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], int], Statistic]


@dataclass(frozen=True)
class RankerMetric(Metric):
    """A metric of predictions beside what happened, row by row.

    Args:
        name: str. See `Metric`.
        heading: str. See `Metric`.
        better: `higher`, `lower` or `none`. See `Metric`.
        function: Callable. Called with labels and predictions, `(rows,)` each, and with the users of the rows where
            the metric needs them. It returns the value, NaN where the rows do not define it.
        needs_users: bool. Whether the metric is made of figures of single users. Defaults to False.
        part: str or None. The attribute that is the value where the function returns several: metrics of one function
            are then computed together. Defaults to None.
        statistic: Callable or None. The metric for a bootstrap over users: called with labels, finite scores and the
            number of each row's user, `(rows,)` each, and the number of users. Defaults to None: there is no interval.
        judges: `probabilities` or `values`. What it is a metric of: outputs whose labels are 0 or 1, or quantities.
            Defaults to `probabilities`.

    Example:
        >>> from tfelc.metrics.auc import auc
        >>> metric = RankerMetric("auc", "AUC", "higher", auc)
        >>> metric.value([0, 1, 1], [0.2, 0.1, 0.9])
        0.5
    """

    function: Callable[..., Any]
    needs_users: bool = False
    part: str | None = None
    statistic: StatisticMaker | None = None
    judges: Judged = "probabilities"

    def value(
        self, labels: Any, predictions: Any, users: NDArray[Any] | None = None, answers: dict[Any, Any] | None = None
    ) -> float:
        """The metric of some rows.

        Args:
            labels: 0 or 1, or quantities, `(rows,)`.
            predictions: Probabilities within [0, 1], or quantities, `(rows,)`.
            users: User of each row, `(rows,)`. Defaults to None: a metric that needs them is NaN.
            answers: What the functions of other metrics have returned for the same rows, to which this one's is added.
                Defaults to None: nothing is shared.

        Raises:
            DataError: A label or a prediction is none that it is a metric of, or the lengths differ.
        """
        if self.needs_users and users is None:
            return math.nan
        answers = {} if answers is None else answers
        if self.function not in answers:
            more = (users,) if self.needs_users else ()
            answers[self.function] = self.function(labels, predictions, *more)
        answer = answers[self.function]
        return float(answer if self.part is None else getattr(answer, self.part))
