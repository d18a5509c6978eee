"""scikit-learn's HistGradientBoosting on the same columns, untuned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfelc.ranker.yardsticks.flat_table import FlatTable


def boosted_trees(train: FlatTable, test: FlatTable, output: str) -> NDArray[np.float64]:
    """Trains trees on an output and returns its probabilities on all rows of `test`.

    Numbers go in as they are, categories as integer codes of the training split's values; a missing value is one that
    trees know.

    Args:
        train: FlatTable. What to learn from.
        test: FlatTable. What to predict.
        output: str. A task or a joint output.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows, labels = train.outcomes[output]
    weights = None if train.weights is None else train.weights[rows]
    seen, asked = (np.concatenate([table.numbers, table.codes], axis=1) for table in (train, test))
    model = HistGradientBoostingClassifier(random_state=0).fit(seen[rows], labels[rows], sample_weight=weights)
    probabilities: NDArray[np.float64] = model.predict_proba(asked)[:, 1]
    return probabilities
