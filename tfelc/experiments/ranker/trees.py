"""Gradient-boosted trees for what a ranker predicts, on the rows on which it was judged."""

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from typing import Any

from tfelc.core.row_progress import RowProgress
from tfelc.data.dataset import Dataset
from tfelc.data.split_tables import SplitTables
from tfelc.experiments.figures import spread
from tfelc.experiments.ranker.tuned_trees import tuned_trees
from tfelc.experiments.ranker.variants import TREES, TUNED_TREES
from tfelc.ranker.evaluation.evaluation import output_metrics
from tfelc.ranker.evaluation.predictions import Predictions
from tfelc.ranker.yardsticks.boosted_trees import boosted_trees
from tfelc.ranker.yardsticks.flat_table import Fitted, FlatTable, FlatTables
from tfelc.ranker.yardsticks.measure_yardsticks import MOST_ROWS
from tfelc.schema.task_chain import select_tasks


def describe_trees(dataset: Dataset, judged: Predictions, trials: int = 0) -> dict[str, dict[str, Any]]:
    """Name -> the metrics of trees on the rows on which a ranker was judged: scikit-learn's, and LightGBM's if tuned.

    Args:
        dataset: What to learn from.
        judged: What the ranker says of the test split.
        trials: Settings of LightGBM's that are tried on the validation split. Defaults to 0: there are no such trees.
    """
    tables = _flat(dataset, judged, with_users=trials > 0)
    test, outputs = tables.split("test"), list(judged.binary_outcomes)
    fitted = {name: boosted_trees(tables.train, name) for name in outputs}
    found = {TREES: {"metrics": spread([output_metrics(_judged(judged, fitted, test))])}}
    if not trials:
        return found
    validation, total, done = tables.split("validation"), len(TUNED_TREES) * len(outputs) * trials, itertools.count(1)
    with RowProgress(unit="trials of LightGBM") as bar:

        def advance() -> None:
            bar.update(next(done), total)

        for row, objective in TUNED_TREES.items():
            fitted = {name: tuned_trees(tables.train, validation, name, objective, trials, advance) for name in outputs}
            metrics = output_metrics(_judged(judged, fitted, test))
            if objective == "lambdarank":  # Its scores order the rows of a user, and are no probabilities.
                metrics = {name: {one: values[one] for one in ("auc", "gauc")} for name, values in metrics.items()}
            found[row] = {"metrics": spread([metrics])}
    return found


def trees_like(dataset: Dataset, judged: Predictions) -> Callable[[SplitTables], Predictions]:
    """Trains gradient-boosted trees for what a ranker predicts; what is returned scores a test split of the same rows.

    Args:
        dataset: What to learn from.
        judged: What the ranker says of the test split.
    """
    tables = _flat(dataset, judged)
    fitted = {name: boosted_trees(tables.train, name) for name in judged.binary_outcomes}
    return lambda rows: _judged(judged, fitted, tables.of(rows, "test"))


def _flat(dataset: Dataset, judged: Predictions, with_users: bool = False) -> FlatTables:
    schema = dataset.schema
    heads = [name for name in judged.binary_outcomes if name in schema.tasks]
    return FlatTables(dataset, schema, select_tasks(schema, heads, {}), heads, MOST_ROWS, with_users)


def _judged(judged: Predictions, fitted: Mapping[str, Fitted], table: FlatTable) -> Predictions:
    """The same rows by the scores of other models."""
    scores: dict[str, Any] = {name: fit(table) for name, fit in fitted.items()}
    outcomes = {
        name: dataclasses.replace(outcome, probabilities=scores[name])
        for name, outcome in judged.binary_outcomes.items()
    }
    return dataclasses.replace(judged, outcomes=outcomes)
