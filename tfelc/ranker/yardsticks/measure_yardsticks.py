"""The figures of the yardsticks on a split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tfelc.data.dataset import Dataset
from tfelc.lifecycle.evaluation.result import Metrics
from tfelc.metrics.auc import AUC
from tfelc.metrics.log_loss import LOG_LOSS
from tfelc.metrics.mean_absolute_error import MEAN_ABSOLUTE_ERROR
from tfelc.metrics.squared_error import ROOT_MEAN_SQUARED_ERROR
from tfelc.metrics.xauc import XAUC
from tfelc.ranker.yardsticks.boosted_trees import boosted_trees
from tfelc.ranker.yardsticks.flat_table import Fitted, FlatTable, FlatTables
from tfelc.ranker.yardsticks.logistic_regression import logistic_regression
from tfelc.ranker.yardsticks.ridge import ridge
from tfelc.schema.schema import Schema
from tfelc.schema.task import Task

# Of a larger training split the yardsticks see so many rows, drawn at random.
MOST_ROWS = 500_000


def _constant(train: FlatTable, output: str) -> Fitted:
    rows, labels = train.outcomes[output]
    weights = train.weights[output][rows] if output in train.weights else None
    mean = np.average(labels[rows], weights=weights)
    return lambda table: np.full(len(table.numbers), mean)


YARDSTICKS: dict[str, Callable[[FlatTable, str], Fitted]] = {
    "constant": _constant,
    "logistic regression": logistic_regression,
    "ridge": ridge,
    "boosted trees": boosted_trees,
}
# Each of them is one of probabilities, or of values; the others of both.
_OF_PROBABILITIES, _OF_VALUES = {"logistic regression"}, {"ridge"}


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
        Yardstick -> output -> `auc` and `logloss`, or of a quantity `xauc`, `mae` and `rmse`; an output that the
        training rows know one outcome of, or none, is left to the constant, or out.
    """
    tables = FlatTables(dataset, schema, tasks, heads, MOST_ROWS)
    train, test = tables.train, tables.split(split)
    found: dict[str, Metrics] = {name: {} for name in YARDSTICKS}
    for output, (judged, labels) in test.outcomes.items():
        rows, seen = train.outcomes[output]
        known = np.unique(seen[rows])
        foreign = _OF_PROBABILITIES if output in test.values else _OF_VALUES
        for name, fit in YARDSTICKS.items():
            if name in foreign or not judged.any() or not len(known) or (len(known) < 2 and fit is not _constant):
                continue
            predictions = fit(train, output)(test)[judged]
            metrics = (XAUC, MEAN_ABSOLUTE_ERROR, ROOT_MEAN_SQUARED_ERROR) if output in test.values else (AUC, LOG_LOSS)
            found[name][output] = {metric.name: metric.value(labels[judged], predictions) for metric in metrics}
    return {name: metrics for name, metrics in found.items() if metrics}
