"""Area under the ROC curve within each user."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_labels, checked_scores, user_codes


class Gauc(NamedTuple):
    """The result of `gauc`.

    Attributes:
        value: Mean of the users' AUCs, weighted by impressions; NaN where no user has both classes.
        kept: Share of the impressions that belong to users with both classes, in [0, 1].
    """

    value: float
    kept: float


def gauc(labels: ArrayLike, scores: ArrayLike, users: NDArray[Any]) -> Gauc:
    """Mean over users of the AUC of the user's own impressions, weighted by their number.

    `sum_u n_u AUC_u / sum_u n_u`, over the users that have both a positive and a negative; the others have no AUC and
    are left out.

    Args:
        labels: 0 or 1, `(rows,)`.
        scores: Any finite scores, higher for likelier positives, `(rows,)`.
        users: User of each row, `(rows,)`; integers or strings.

    Returns:
        The mean, and the share of the impressions that it covers. O(n log n).

    Raises:
        DataError: A label is neither 0 nor 1, a score is not finite, a user is missing, or the lengths differ.

    Source: Zhu et al. (2017), optimized cost per click in Taobao display advertising.
    """
    checked = checked_labels(labels)
    codes, count = user_codes(users, len(checked))
    areas, impressions = user_aucs(checked, checked_scores(scores, len(checked)), codes, count)
    kept = ~np.isnan(areas)
    covered = impressions[kept].sum()
    value = float(np.sum(impressions[kept] * areas[kept]) / covered) if covered else float("nan")
    return Gauc(value, float(covered / len(checked)))


def user_aucs(
    labels: NDArray[np.float64], scores: NDArray[np.float64], codes: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """AUC and number of impressions of each of the `count` users; NaN for a user without both classes."""
    order = np.lexsort((scores, codes))
    user, ordered, outcome = codes[order], scores[order], labels[order]
    starts = np.flatnonzero(np.r_[True, (user[1:] != user[:-1]) | (ordered[1:] != ordered[:-1])])
    owner = user[starts]
    positives = np.add.reduceat(outcome, starts)
    negatives = np.diff(np.r_[starts, len(user)]) - positives
    user_positives = np.bincount(owner, positives, minlength=count)
    user_negatives = np.bincount(owner, negatives, minlength=count)
    # Negatives of earlier users are counted too, and taken off again.
    earlier = np.cumsum(user_negatives) - user_negatives
    below = np.cumsum(negatives) - negatives - earlier[owner]
    won = np.bincount(owner, positives * (below + negatives / 2), minlength=count)
    pairs = user_positives * user_negatives
    areas: NDArray[np.float64] = np.divide(won, pairs, out=np.full(count, np.nan), where=pairs > 0)
    return areas, np.bincount(codes, minlength=count).astype(np.float64)
