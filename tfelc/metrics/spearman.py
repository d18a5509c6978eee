"""Correlation of the ranks of predicted and observed values."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tfelc.metrics.checks import checked_scores, checked_values
from tfelc.metrics.ranker_metric import RankerMetric


def spearman(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Spearman's rank correlation, where equal values share their mean rank.

    Args:
        labels: Any finite values, `(rows,)`.
        predictions: Any finite values, `(rows,)`.

    Returns:
        The correlation, in [-1, 1]; NaN where all labels, or all predictions, are equal. It takes O(n log n).

    Raises:
        DataError: A value is not finite, or the lengths differ.

    Example:
        >>> round(spearman([1, 2, 3, 4], [10, 30, 20, 90]), 3)
        0.8
    """
    # Imported here: scipy loads slowly and the other metrics do without.
    from scipy.stats import rankdata

    checked = checked_values(labels)
    ranks = [rankdata(values) for values in (checked, checked_scores(predictions, len(checked)))]
    first, second = (each - each.mean() for each in ranks)
    spread = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / spread if spread else float("nan")


# Without an interval: each resample would have to be ranked anew.
SPEARMAN = RankerMetric("spearman", "Spearman", "higher", spearman, judges="values")
