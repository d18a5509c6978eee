"""The figures of a comparison of rankers: each model by itself, and what each gains over B."""

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from tfelc.core.row_progress import RowProgress
from tfelc.experiments.figures import spread
from tfelc.experiments.ranker.runs import Measured
from tfelc.experiments.ranker.variants import BASELINE
from tfelc.metrics.assignment_agreement import assignment_agreement
from tfelc.ranker.evaluation.group_lift import group_lifts


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
