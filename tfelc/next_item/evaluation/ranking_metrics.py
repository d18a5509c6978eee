"""The figures of a ranking of the whole catalog."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.hit_rate import hit_gains
from tfelc.metrics.ndcg import ndcg_gains

METRICS: tuple[str, ...] = ("hr@5", "hr@10", "hr@20", "ndcg@5", "ndcg@10", "ndcg@20")


def ranking_metrics(ranks: ArrayLike) -> dict[str, float]:
    """HR and NDCG at 5, 10 and 20, by the keys of `METRICS`.

    Args:
        ranks: Rank of each target from 1, `(examples,)`.

    Raises:
        DataError: There are no ranks, or one is below 1.
    """
    return {metric: float(np.mean(ranking_gains(ranks, metric))) for metric in METRICS}


def ranking_gains(ranks: ArrayLike, metric: str) -> NDArray[np.float64]:
    """What each example adds to a metric, `(examples,)`; the metric is their mean.

    Args:
        ranks: Rank of each target from 1, `(examples,)`.
        metric: One of `METRICS`.

    Raises:
        DataError: There are no ranks, or one is below 1.
    """
    name, cutoff = metric.split("@")
    gains = {"hr": hit_gains, "ndcg": ndcg_gains}[name]
    return gains(ranks, int(cutoff))
