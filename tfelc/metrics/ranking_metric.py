"""The declaration of a metric of the ranks of targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.metric import Metric


@dataclass(frozen=True)
class RankingMetric(Metric):
    """A metric of the place of each user's target in a list of the whole catalog: a mean over the users.

    Args:
        name: str. See `Metric`; with a cutoff it is `<what>@<k>`, such as `ndcg@20`.
        heading: str. See `Metric`; with a cutoff likewise, such as `NDCG@20`.
        better: `higher`, `lower` or `none`. See `Metric`.
        gains: Callable. Called with the rank of each target from 1, `(examples,)`; it returns what each example adds,
            `(examples,)`, and the metric is the mean of that. Being a mean, it has an interval.

    Example:
        >>> import numpy as np
        >>> metric = RankingMetric("mrr", "MRR", "higher", lambda ranks: 1 / np.asarray(ranks))
        >>> metric.value([1, 2, 4])
        0.5833333333333334
    """

    gains: Callable[[ArrayLike], NDArray[np.float64]]

    def value(self, ranks: ArrayLike) -> float:
        """The metric of some examples.

        Args:
            ranks: Rank of each target from 1, `(examples,)`.

        Raises:
            DataError: There are no ranks, or one is no whole number from 1.
        """
        return float(np.mean(self.gains(ranks)))
