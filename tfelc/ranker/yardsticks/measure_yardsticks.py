"""The figures of the yardsticks on a split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tfelc.data.dataset import Dataset
from tfelc.lifecycle.evaluation.result import Metrics
from tfelc.metrics.auc import auc
from tfelc.metrics.log_loss import log_loss
from tfelc.ranker.yardsticks.boosted_trees import boosted_trees
from tfelc.ranker.yardsticks.flat_table import Fitted, FlatTable, FlatTables
from tfelc.ranker.yardsticks.logistic_regression import logistic_regression
from tfelc.schema.schema import Schema
from tfelc.schema.task import Task

# Of a larger training split the yardsticks see so many rows, drawn at random.
MOST_ROWS = 500_000


def _constant(train: FlatTable, output: str) -> Fitted:
    rows, labels = train.outcomes[output]
    mean = np.average(labels[rows], weights=None if train.weights is None else train.weights[rows])
    return lambda table: np.full(len(table.numbers), mean)


YARDSTICKS: dict[str, Callable[[FlatTable, str], Fitted]] = {
    "constant": _constant,
    "logistic regression": logistic_regression,
    "boosted trees": boosted_trees,
}


def measure_yardsticks(
    dataset: Dataset, schema: Schema, tasks: Mapping[str, Task], heads: Sequence[str], split: str = "test"
) -> dict[str, Metrics]:
    """Trains what a ranker should do better than, untuned and on the same rows, and measures it on a split.

    Args:
        dataset: Dataset. The prepared dataset.
        schema: Schema. The columns as the ranker sees them.
        tasks: Mapping of str to Task. The tasks that are predicted, and those that they are conditioned on.
        heads: Sequence of str. The tasks that are predicted.
        split: str. What to measure. Defaults to `test`.

    Returns:
        Yardstick -> output -> `auc` and `logloss`; an output that the training rows know one outcome of, or none, is
        left to the constant, or out.
    """
    tables = FlatTables(dataset, schema, tasks, heads, MOST_ROWS)
    train, test = tables.train, tables.split(split)
    found: dict[str, Metrics] = {name: {} for name in YARDSTICKS}
    for output, (judged, labels) in test.outcomes.items():
        rows, seen = train.outcomes[output]
        known = np.unique(seen[rows])
        for name, fit in YARDSTICKS.items():
            if not judged.any() or not len(known) or (len(known) < 2 and fit is not _constant):
                continue
            probabilities = fit(train, output)(test)[judged]
            found[name][output] = {
                "auc": auc(labels[judged], probabilities),
                "logloss": log_loss(labels[judged], probabilities),
            }
    return {name: metrics for name, metrics in found.items() if metrics}
