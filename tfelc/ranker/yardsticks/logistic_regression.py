"""scikit-learn's logistic regression on the same columns, untuned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.ranker.yardsticks.flat_table import FlatTable

# Enough for tables of ordinary size; of a large one the last digits of the AUC are not waited for.
_ITERATIONS = 300


def logistic_regression(train: FlatTable, test: FlatTable, output: str) -> NDArray[np.float64]:
    """Trains a linear model on an output and returns its probabilities on all rows of `test`.

    Numbers are scaled to mean 0 and variance 1, and a missing one is the mean, with a flag; categories are one-hot.

    Args:
        train: FlatTable. What to learn from.
        test: FlatTable. What to predict.
        output: str. A task or a joint output.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    rows, labels = train.outcomes[output]
    weights = None if train.weights is None else train.weights[rows]
    seen, asked = _inputs(train, test)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(max_iter=_ITERATIONS).fit(seen[rows], labels[rows], sample_weight=weights)
    probabilities: NDArray[np.float64] = model.predict_proba(asked)[:, 1]
    return probabilities


def _inputs(train: FlatTable, test: FlatTable) -> list[Any]:
    """The design matrices, sparse."""
    from scipy import sparse

    missing = np.isnan(train.numbers)
    count = np.maximum((~missing).sum(axis=0), 1)
    mean = np.nansum(train.numbers, axis=0, dtype=np.float64) / count
    deviation = np.sqrt(np.nansum((train.numbers - mean) ** 2, axis=0) / count)
    deviation[deviation == 0] = 1.0
    flagged = missing.any(axis=0)
    widths = np.nanmax(train.codes, axis=0, initial=-1).astype(int) + 1
    found = []
    for table in (train, test):
        absent = np.isnan(table.numbers)
        scaled = np.where(absent, 0.0, (table.numbers - mean) / deviation)
        blocks = [sparse.csr_matrix(scaled), sparse.csr_matrix(absent[:, flagged].astype(np.float64))]
        blocks += [_one_hot(codes, width) for codes, width in zip(table.codes.T, widths, strict=True)]
        found.append(sparse.hstack(blocks, format="csr"))
    return found


def _one_hot(codes: NDArray[np.float32], width: int) -> Any:
    from scipy import sparse

    rows = np.flatnonzero(~np.isnan(codes))
    return sparse.csr_matrix((np.ones(len(rows)), (rows, codes[rows].astype(int))), shape=(len(codes), width))
