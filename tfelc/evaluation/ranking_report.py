"""The figures of a ranking of the whole catalogue."""

from __future__ import annotations

from numpy.typing import ArrayLike

from tfelc.metrics.hit_rate import hit_rate
from tfelc.metrics.ndcg import ndcg

CUTOFFS: tuple[int, ...] = (5, 10, 20)


def ranking_metrics(ranks: ArrayLike) -> dict[str, float]:
    """HR and NDCG at 5, 10 and 20, as `{"hr@5": 0.06, ..., "ndcg@20": 0.05}`.

    Args:
        ranks: Rank of each target from 1, `(examples,)`.

    Raises:
        DataError: There are no ranks, or one is below 1.
    """
    figures = {f"hr@{k}": hit_rate(ranks, k) for k in CUTOFFS}
    return figures | {f"ndcg@{k}": ndcg(ranks, k) for k in CUTOFFS}
