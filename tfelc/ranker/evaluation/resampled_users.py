"""Who is drawn where users are resampled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfelc.ranker.evaluation.predictions import Predictions
from tfelc.ranker.evaluation.requests import numbered


def resampled_users(predictions: Predictions) -> tuple[NDArray[np.int64], bool]:
    """A number for each row's user, one of its own where the user is not known, and whether any is known."""
    if predictions.users is None:
        return np.arange(predictions.rows), False
    codes, known = numbered(predictions.users)
    return codes, known > 0
