"""How sure the AUC of a ranker is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfelc.lifecycle.evaluation.resampling import BootstrapResult, resampled
from tfelc.metrics.checks import checked_labels, checked_scores
from tfelc.metrics.resampled_auc import ResampledAuc
from tfelc.ranker.evaluation.predictions import Predictions


def auc_intervals(predictions: Predictions, replicates: int = 1000) -> dict[str, BootstrapResult]:
    """The AUC of each output with its 95 % interval, by resampling whole users, or rows where no user is known.

    Args:
        predictions: Of one ranker.
        replicates: Resamples. Defaults to 1000.

    Returns:
        Output -> AUC, as `difference`, and its interval; one without a row, or of a quantity, is left out.
    """
    everyone = np.arange(predictions.rows) if predictions.users is None else _numbers(predictions)
    found = {}
    for name, outcome in predictions.binary_outcomes.items():
        rows = outcome.rows
        if rows.any():
            _, users = np.unique(everyone[rows], return_inverse=True)
            count = int(users.max()) + 1
            statistic = ResampledAuc(
                checked_labels(outcome.labels[rows]),
                checked_scores(outcome.probabilities[rows], len(users)),
                users,
                count,
            )
            found[name] = resampled(statistic, count, replicates)
    return found


def _numbers(predictions: Predictions) -> NDArray[np.int64]:
    """A number for each user, and one of its own for each row whose user is not known."""
    codes, distinct = pd.factorize(predictions.users)  # type: ignore[arg-type]  # an array of objects
    unknown = codes < 0
    codes[unknown] = len(distinct) + np.arange(unknown.sum())
    return codes.astype(np.int64)
