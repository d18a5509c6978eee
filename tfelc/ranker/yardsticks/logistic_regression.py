"""scikit-learn's logistic regression on the same columns, untuned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfelc.ranker.yardsticks.design_matrix import design_matrix
from tfelc.ranker.yardsticks.flat_table import Fitted, FlatTable

# Enough for tables of ordinary size; of a large one the last digits of the AUC are not waited for.
_ITERATIONS = 300


def logistic_regression(train: FlatTable, output: str) -> Fitted:
    """Trains a linear model on an output; what is returned gives its probabilities on all rows of a table.

    Numbers are scaled to mean 0 and variance 1, and a missing one is the mean, with a flag; categories are one-hot.

    Args:
        train: FlatTable. What to learn from.
        output: str. A task or a joint output.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    rows, labels = train.outcomes[output]
    weights = train.weights[output][rows] if output in train.weights else None
    inputs = design_matrix(train)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(max_iter=_ITERATIONS).fit(inputs(train)[rows], labels[rows], sample_weight=weights)

    def predict(table: FlatTable) -> NDArray[np.float64]:
        probabilities: NDArray[np.float64] = model.predict_proba(inputs(table))[:, 1]
        return probabilities

    return predict
