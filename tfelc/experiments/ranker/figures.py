"""The figures of a comparison of rankers: each model by itself, and what each gains over B."""

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from tfelc.core.row_progress import RowProgress
from tfelc.data.dataset import Dataset
from tfelc.experiments.figures import mean_and_deviation, spread
from tfelc.experiments.ranker.boosted_trees import boosted_trees
from tfelc.experiments.ranker.runs import Measured
from tfelc.experiments.ranker.variants import BASELINE
from tfelc.metrics.assignment_agreement import assignment_agreement
from tfelc.metrics.summary import task_metrics
from tfelc.ranker.evaluation.group_lift import group_lifts


def describe(found: Sequence[Measured]) -> dict[str, Any]:
    """Mean and standard deviation over the seeds of each metric of one model, over all rows and by group."""
    results = [one.result for one in found]
    return {
        "tasks": {output: spread([r["tasks"][output] for r in results]) for output in results[0]["tasks"]},
        "groups": {
            group: {output: spread([r["groups"][group][output] for r in results]) for output in outputs}
            for group, outputs in results[0]["groups"].items()
        },
        "gate_entropy": {
            task: mean_and_deviation([r["gates"][task]["entropy"] for r in results]) for task in results[0]["gates"]
        },
        "clusters": _clusters(found) if results[0]["clusters"] else None,
    }


def _clusters(found: Sequence[Measured]) -> dict[str, Any]:
    """The clusters' health over the seeds, and how far two seeds agree on who belongs together."""
    health = [one.result["clusters"] for one in found]
    assignments = [one.predictions.assignment for one in found if one.predictions.assignment is not None]
    pairs = [assignment_agreement(first, second) for first, second in combinations(assignments, 2)]
    return {
        **{name: mean_and_deviation([h[name] for h in health]) for name in ("in_use", "largest_share", "silhouette")},
        "groups": {column: spread([h["groups"][column] for h in health]) for column in health[0]["groups"]},
        "agreement_of_seeds": mean_and_deviation(pairs) if pairs else None,
    }


def tree_figures(dataset: Dataset, found: Mapping[str, Sequence[Measured]]) -> dict[str, Any]:
    """The metrics of gradient-boosted trees on the rows on which the models are judged."""
    predictions = found[BASELINE][0].predictions
    scores = boosted_trees(dataset, list(predictions.outcomes))
    figures = {}
    for output, outcome in predictions.outcomes.items():
        rows = outcome.rows
        users = None if predictions.users is None else predictions.users[rows]
        figures[output] = spread([task_metrics(outcome.labels[rows], scores[output][rows], users)])
    return {"tasks": figures}


def compare(found: Mapping[str, Sequence[Measured]]) -> dict[str, dict[str, dict[str, Any]]]:
    """What every other model gains over B, in all and by group; all seeds together, paired over users.

    Args:
        found: Model -> its seeds; B among them.

    Returns:
        Model -> group -> output -> the rest of a `GroupLift`.
    """
    baseline, *others = ([one.predictions for one in found[name]] for name in found)
    differences: dict[str, dict[str, dict[str, Any]]] = {}
    for name, predictions in zip(list(found)[1:], others, strict=True):
        groups = differences.setdefault(name, {})
        with RowProgress(unit=f"comparisons of {name}") as bar:
            for lift in group_lifts(baseline, predictions, progress=bar.update):
                content = dataclasses.asdict(lift)
                groups.setdefault(content.pop("group"), {})[content.pop("output")] = content
    return differences
