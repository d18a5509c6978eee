"""scikit-learn's ridge regression on the same columns, untuned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfelc.ranker.yardsticks.design_matrix import design_matrix
from tfelc.ranker.yardsticks.flat_table import Fitted, FlatTable


def ridge(train: FlatTable, output: str) -> Fitted:
    """Trains a linear model on a quantity; what is returned gives its values on all rows of a table.

    The columns are those of `logistic_regression`.

    Args:
        train: FlatTable. What to learn from.
        output: str. A task that predicts a quantity, or a joint output that ends in one.
    """
    from sklearn.linear_model import Ridge

    rows, labels = train.outcomes[output]
    weights = train.weights[output][rows] if output in train.weights else None
    inputs = design_matrix(train)
    model = Ridge(solver="sparse_cg", random_state=0).fit(inputs(train)[rows], labels[rows], sample_weight=weights)

    def predict(table: FlatTable) -> NDArray[np.float64]:
        values: NDArray[np.float64] = model.predict(inputs(table))
        return values

    return predict
