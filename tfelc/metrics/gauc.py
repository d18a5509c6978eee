"""Area under the ROC curve within each user."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.checks import checked_labels, checked_scores, user_codes
from tfelc.metrics.ranker_metric import RankerMetric
from tfelc.metrics.ratio_of_sums import RatioOfSums


class Gauc(NamedTuple):
    """The result of `gauc`.

    Attributes:
        value: Mean of the users' AUCs, weighted by impressions; NaN where no user has both classes.
        kept: Share of the impressions that belong to users with both classes, in [0, 1].

    Example:
        >>> Gauc(value=0.7, kept=0.625).kept
        0.625
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
        The mean, and the share of the impressions that it covers. It takes O(n log n).

    Raises:
        DataError: A label is neither 0 nor 1, a score is not finite, a user is missing, or the lengths differ.

    Example:
        >>> gauc([0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.9, 0.8], np.array(["a", "a", "a", "b", "b"]))
        Gauc(value=0.5, kept=0.6)

    Source: Zhu et al. (2017), optimized cost per click in Taobao display advertising.
    """
    checked = checked_labels(labels)
    codes, count = user_codes(users, len(checked))
    areas, impressions = user_aucs(checked, checked_scores(scores, len(checked)), codes, count)
    kept = ~np.isnan(areas)
    covered = impressions[kept].sum()
    value = float(np.sum(impressions[kept] * areas[kept]) / covered) if covered else float("nan")
    return Gauc(value, float(covered / len(checked)))


def known_users_gauc(labels: ArrayLike, scores: ArrayLike, users: NDArray[Any]) -> Gauc:
    """`gauc` where not every row's user is known: such a row is left out, and counts among those not covered.

    Args:
        labels: 0 or 1, `(rows,)`.
        scores: Any finite scores, higher for likelier positives, `(rows,)`.
        users: User of each row, `(rows,)`; None or NaN where it is not known.

    Raises:
        DataError: A label is neither 0 nor 1, a score is not finite, or the lengths differ.

    Example:
        >>> known_users_gauc([1, 0, 0, 1], [0.1, 0.9, 0.2, 0.8], np.array([None, None, "a", "a"], dtype=object))
        Gauc(value=1.0, kept=0.5)
    """
    # Imported here: pandas loads slowly and the other metrics do without.
    import pandas as pd

    known = pd.notna(users)
    if known.all():
        return gauc(labels, scores, users)
    if not known.any():
        return Gauc(math.nan, 0.0)
    found = gauc(np.asarray(labels)[known], np.asarray(scores)[known], users[known])
    return Gauc(found.value, found.kept * float(known.mean()))


def user_aucs(
    labels: NDArray[np.float64], scores: NDArray[np.float64], codes: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """AUC and number of impressions of each user.

    Args:
        labels: 0 or 1, `(rows,)`.
        scores: Finite scores, `(rows,)`.
        codes: Number of each row's user from 0, `(rows,)`.
        count: Number of users.

    Returns:
        The areas, NaN for a user without both classes, and the impressions, `(count,)` each.

    Example:
        >>> user_aucs(np.array([0.0, 1.0, 1.0]), np.array([0.1, 0.2, 0.3]), np.array([0, 0, 1]), 2)
        (array([ 1., nan]), array([2., 1.]))
    """
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


def _resampled(
    labels: NDArray[np.float64], scores: NDArray[np.float64], codes: NDArray[np.int64], count: int
) -> RatioOfSums:
    # Of draws of whole users, a user's own AUC never changes.
    areas, impressions = user_aucs(labels, scores, codes, count)
    kept = ~np.isnan(areas)
    covered = np.where(kept, impressions, 0.0)
    return RatioOfSums(covered * np.where(kept, areas, 0.0), covered)


GAUC = RankerMetric("gauc", "GAUC", "higher", known_users_gauc, needs_users=True, part="value", statistic=_resampled)
GAUC_COVERAGE = RankerMetric("gauc_coverage", "rows of GAUC", "none", known_users_gauc, needs_users=True, part="kept")
