"""The figures of a comparison of rankers: each model by itself, and what each gains over B."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

from tfelc.core.row_progress import RowProgress
from tfelc.data.dataset import Dataset
from tfelc.data.split_tables import SplitTables
from tfelc.experiments.figures import spread
from tfelc.experiments.ranker.runs import Measured
from tfelc.experiments.ranker.variants import BASELINE
from tfelc.metrics.assignment_agreement import assignment_agreement
from tfelc.ranker.evaluation.evaluation import output_metrics
from tfelc.ranker.evaluation.group_lift import group_lifts
from tfelc.ranker.evaluation.predictions import Predictions
from tfelc.ranker.yardsticks.boosted_trees import boosted_trees
from tfelc.ranker.yardsticks.flat_table import FlatTables
from tfelc.ranker.yardsticks.measure_yardsticks import MOST_ROWS
from tfelc.schema.task_chain import select_tasks


def describe(found: Sequence[Measured]) -> dict[str, Any]:
    """Mean and deviation over the seeds of the metrics of one model, in all and by group, its gates and clusters."""
    results = [one.result.to_json() for one in found]
    clusters = None
    if results[0]["clusters"]:
        assignments = [one.predictions.assignment for one in found if one.predictions.assignment is not None]
        agreement = [assignment_agreement(first, second) for first, second in combinations(assignments, 2)]
        clusters = spread([result["clusters"] for result in results])
        clusters["agreement_of_seeds"] = spread(agreement) if agreement else None
    return {
        "metrics": spread([result["metrics"] for result in results]),
        "groups": spread([result["groups"] for result in results]),
        "gate_entropy": spread([{task: gate["entropy"] for task, gate in one["gates"].items()} for one in results]),
        "clusters": clusters,
    }


def describe_trees(dataset: Dataset, judged: Predictions) -> dict[str, Any]:
    """The metrics of gradient-boosted trees on the rows on which a ranker was judged."""
    return {"metrics": spread([output_metrics(trees_like(dataset, judged)(dataset))])}


def trees_like(dataset: Dataset, judged: Predictions) -> Callable[[SplitTables], Predictions]:
    """Trains gradient-boosted trees for what a ranker predicts; what is returned scores a test split of the same rows.

    Args:
        dataset: What to learn from.
        judged: What the ranker says of the test split.
    """
    schema = dataset.schema
    heads = [name for name in judged.binary_outcomes if name in schema.tasks]
    tables = FlatTables(dataset, schema, select_tasks(schema, heads, {}), heads, MOST_ROWS)
    fitted = {name: boosted_trees(tables.train, name) for name in judged.binary_outcomes}

    def predict(rows: SplitTables) -> Predictions:
        asked = tables.of(rows, "test")
        scores: dict[str, Any] = {name: fit(asked) for name, fit in fitted.items()}
        outcomes = {
            name: dataclasses.replace(outcome, probabilities=scores[name])
            for name, outcome in judged.binary_outcomes.items()
        }
        return dataclasses.replace(judged, outcomes=outcomes)

    return predict


def compare(found: Mapping[str, Sequence[Measured]]) -> dict[str, dict[str, dict[str, Any]]]:
    """What every other model gains over B, in all and by group; all seeds together, paired over users.

    Args:
        found: Model -> its seeds; B among them.

    Returns:
        Model -> group -> output -> the rest of a `GroupLift`.
    """
    predictions = {name: [one.predictions for one in ones] for name, ones in found.items()}
    baseline = predictions.pop(BASELINE)
    differences: dict[str, dict[str, dict[str, Any]]] = {}
    for name, others in predictions.items():
        groups = differences.setdefault(name, {})
        with RowProgress(unit=f"comparisons of {name}") as bar:
            for lift in group_lifts(baseline, others, progress=bar.update):
                content = dataclasses.asdict(lift)
                groups.setdefault(content.pop("group"), {})[content.pop("output")] = content
    return differences
