"""How often an entity (a video, an author, a user) had an outcome before the day of an impression."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def past_rates(
    entity: pd.Series, day: NDArray[np.int64], counted: NDArray[np.bool_], outcome: NDArray[np.int64], smoothing: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Counts an entity's impressions and its smoothed outcome rate over the counted days before each row's own.

    `rate = (outcomes + smoothing * mean) / (impressions + smoothing)`, with `mean` the rate over all counted rows.

    Only strictly earlier days count, which is stricter than leaving the row itself out. A leave-one-out mean gives its
    own label away: within an entity it is lower exactly where the label is 1. On KuaiRand-Pure boosted trees then reach
    0.88 AUC on the rows they were trained on and lose 0.015 on new ones; earlier days gain 0.011 instead.

    Args:
        entity: Who or what each row is about.
        day: Day of each row, as whole numbers that grow with time.
        counted: Rows whose outcomes may be used: those of the training split.
        outcome: 0 or 1 for each row; ignored where `counted` is false.
        smoothing: Weight of the mean, in impressions.

    Returns:
        Impressions and rate for each row.
    """
    codes, uniques = pd.factorize(entity)
    days, when = np.unique(day, return_inverse=True)
    shape = (len(uniques), len(days))
    cell = codes * len(days) + when
    size = shape[0] * shape[1]
    shown = np.bincount(cell[counted], minlength=size).reshape(shape)
    positive = np.bincount(cell[counted], weights=outcome[counted], minlength=size).reshape(shape)
    impressions = (shown.cumsum(axis=1) - shown).ravel()[cell]
    outcomes = (positive.cumsum(axis=1) - positive).ravel()[cell]
    mean = outcome[counted].mean()
    return impressions, (outcomes + smoothing * mean) / (impressions + smoothing)
