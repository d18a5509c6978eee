"""Share of the pairs that are in the right order."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_scores, checked_values
from tfelc.metrics.ranker_metric import RankerMetric


def xauc(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Probability that of two rows with unlike labels the larger one is predicted to be larger, a tie counting half.

    With labels 0 and 1 it is the area under the ROC curve.

    Args:
        labels: Any finite values, `(rows,)`.
        predictions: Any finite values, `(rows,)`.

    Returns:
        The share, in [0, 1]; NaN where all labels are equal. It takes O(n log n).

    Raises:
        DataError: A value is not finite, or the lengths differ.

    Example:
        >>> xauc([1, 2, 3], [0.2, 0.9, 0.4])  # of 3 pairs one is the wrong way round
        0.6666666666666666

    Source: Zhan et al., "Deconfounding Duration Bias in Watch-time Prediction for Video Recommendation", KDD 2022.
    """
    # Imported here: scipy loads slowly and the other metrics do without.
    from scipy.stats import kendalltau

    checked = checked_values(labels)
    scores = checked_scores(predictions, len(checked))
    rows = len(checked)
    pairs = rows * (rows - 1) // 2
    told_apart = pairs - _tied(checked)
    if not told_apart:
        return math.nan
    scored_apart = pairs - _tied(scores)
    if not scored_apart:
        return 0.5
    # Kendall's tau-b is the surplus of pairs in the right order over this; a whole number of pairs.
    surplus = float(kendalltau(checked, scores, variant="b").statistic) * math.sqrt(told_apart * scored_apart)
    return 0.5 + round(surplus) / (2 * told_apart)


def _tied(values: NDArray[np.float64]) -> int:
    """Pairs of equal values."""
    _, counts = np.unique(values, return_counts=True)
    return int((counts * (counts - 1) // 2).sum())


# Without an interval: each resample would have to be sorted anew.
XAUC = RankerMetric("xauc", "XAUC", "higher", xauc, judges="values")
