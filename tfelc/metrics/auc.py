"""Area under the ROC curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tfelc.metrics.checks import checked_labels, checked_scores
from tfelc.metrics.ranker_metric import RankerMetric
from tfelc.metrics.resampled_auc import ResampledAuc


def auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Probability that a positive scores above a negative, a tie counting half: the area under the ROC curve.

    Args:
        labels: 0 or 1, `(rows,)`.
        scores: Any finite scores, higher for likelier positives, `(rows,)`.

    Returns:
        The area, in [0, 1]; NaN where one of the two classes is absent. It takes O(n log n).

    Raises:
        DataError: A label is neither 0 nor 1, a score is not finite, or the lengths differ.

    Example:
        >>> auc([0, 1, 0, 1], [0.1, 0.8, 0.3, 0.3])
        0.875
    """
    checked = checked_labels(labels)
    values = checked_scores(scores, len(checked))
    order = np.argsort(values)
    ordered, outcome = values[order], checked[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    positives = np.add.reduceat(outcome, starts)
    sizes = np.diff(np.r_[starts, len(ordered)])
    negatives = sizes - positives
    below = np.cumsum(negatives) - negatives
    pairs = positives.sum() * negatives.sum()
    return float(np.sum(positives * (below + negatives / 2)) / pairs) if pairs else float("nan")


AUC = RankerMetric("auc", "AUC", "higher", auc, statistic=ResampledAuc)
