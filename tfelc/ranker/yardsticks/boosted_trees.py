"""scikit-learn's HistGradientBoosting on the same columns, untuned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfelc.ranker.yardsticks.flat_table import Fitted, FlatTable

# Below so many rows threads wait for each other longer than they work, and on a busy machine many times longer.
_ONE_THREAD = 100_000


def boosted_trees(train: FlatTable, output: str) -> Fitted:
    """Trains trees on an output; what is returned gives its probabilities, or values, on all rows of a table.

    Numbers go in as they are, categories as integer codes of the training split's values; a missing value is one that
    trees know.

    Args:
        train: FlatTable. What to learn from.
        output: str. A task or a joint output.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    rows, labels = train.outcomes[output]
    weights = train.weights[output][rows] if output in train.weights else None
    is_value = output in train.values
    model = (
        HistGradientBoostingRegressor(random_state=0) if is_value else HistGradientBoostingClassifier(random_state=0)
    )
    with threadpool_limits(1 if len(labels) < _ONE_THREAD else None, user_api="openmp"):
        model.fit(train.inputs[rows], labels[rows], sample_weight=weights)

    def predict(table: FlatTable) -> NDArray[np.float64]:
        inputs = table.inputs
        found: NDArray[np.float64] = model.predict(inputs) if is_value else model.predict_proba(inputs)[:, 1]
        return found

    return predict
