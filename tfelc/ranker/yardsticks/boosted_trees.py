"""scikit-learn's HistGradientBoosting on the same columns, untuned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfelc.ranker.yardsticks.flat_table import Fitted, FlatTable

# Below so many rows threads wait for each other longer than they work, and on a busy machine many times longer.
_ONE_THREAD = 100_000


def boosted_trees(train: FlatTable, output: str) -> Fitted:
    """Trains trees on an output; what is returned gives its probabilities on all rows of a table.

    Numbers go in as they are, categories as integer codes of the training split's values; a missing value is one that
    trees know.

    Args:
        train: FlatTable. What to learn from.
        output: str. A task or a joint output.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    rows, labels = train.outcomes[output]
    weights = None if train.weights is None else train.weights[rows]
    model = HistGradientBoostingClassifier(random_state=0)
    with threadpool_limits(1 if len(labels) < _ONE_THREAD else None, user_api="openmp"):
        model.fit(_inputs(train)[rows], labels[rows], sample_weight=weights)

    def predict(table: FlatTable) -> NDArray[np.float64]:
        probabilities: NDArray[np.float64] = model.predict_proba(_inputs(table))[:, 1]
        return probabilities

    return predict


def _inputs(table: FlatTable) -> NDArray[np.float32]:
    return np.concatenate([table.numbers, table.codes], axis=1)
