"""Predictions -> the result that is reported."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tfelc.lifecycle.evaluation.cluster_health import ClusterHealth
from tfelc.lifecycle.evaluation.result import EvaluationResult, HeldResult, Metrics
from tfelc.metrics.gate_distance import gate_distance
from tfelc.metrics.gate_entropy import gate_entropy
from tfelc.metrics.summary import group_metrics, task_metrics
from tfelc.ranker.evaluation.predictions import Predictions

# What a calibration changes, and the name that all rows have among the groups.
CALIBRATION_METRICS = ("calibration", "ne", "ece")
ALL = "all"


def evaluate(
    predictions: Predictions, split: str, by_group: bool = True, held: HeldResult | None = None
) -> EvaluationResult:
    """Everything that is reported on a split.

    Args:
        predictions: The ranker's answers on the split.
        split: The name of the split.
        by_group: Whether to measure each group of users too, which takes most of the time. Defaults to True.
        held: GAUC with the user features held still; see `held_result`. Defaults to None: it is not known.

    Returns:
        The metrics of every output, each over the rows on which it is judged, in all and by group of users; of each
        task's gate the mean entropy in nats, the mean weight of each expert over all rows and in each group, and by
        group column the distance between the groups; and the state of the clusters.
    """
    return EvaluationResult(
        split,
        "rows",
        predictions.rows,
        output_metrics(predictions),
        _group_metrics(predictions) if by_group else {},
        {task: _gate_use(predictions, task) for task in predictions.gates},
        _cluster_health(predictions),
        held=held,
        uncalibrated=_uncalibrated(predictions, by_group),
    )


def _uncalibrated(predictions: Predictions, by_group: bool) -> dict[str, Metrics]:
    """The metrics that a calibration is for, without it: over all rows, and by group."""
    if predictions.uncalibrated is None:
        return {}
    without = replace(predictions, outcomes=predictions.uncalibrated, uncalibrated=None)
    found = {ALL: output_metrics(without), **(_group_metrics(without) if by_group else {})}
    return {
        group: {
            output: {name: values[name] for name in CALIBRATION_METRICS if name in values}
            for output, values in metrics.items()
            if output in without.binary_outcomes
        }
        for group, metrics in found.items()
    }


def output_metrics(predictions: Predictions) -> Metrics:
    """Metrics of every output, each over the rows on which it is judged."""
    found = {}
    for name, outcome in predictions.outcomes.items():
        groups = None if predictions.ranked_together is None else predictions.ranked_together[outcome.rows]
        rows = outcome.rows
        found[name] = task_metrics(outcome.labels[rows], outcome.probabilities[rows], groups, outcome.judged)
    return found


def _cluster_health(predictions: Predictions) -> ClusterHealth | None:
    """The state of the clusters; None for a ranker without clusters."""
    if predictions.assignment is None:
        return None
    return ClusterHealth.of_assignment(predictions.assignment, predictions.embedding, predictions.groups)


def _group_metrics(predictions: Predictions) -> dict[str, Metrics]:
    outcomes = predictions.outcomes
    return group_metrics(
        predictions.groups,
        {name: outcome.labels for name, outcome in outcomes.items()},
        {name: outcome.probabilities for name, outcome in outcomes.items()},
        predictions.ranked_together,
        {name: outcome.rows for name, outcome in outcomes.items()},
        {name for name, outcome in outcomes.items() if outcome.is_value},
    )


def _gate_use(predictions: Predictions, task: str) -> dict[str, Any]:
    weights = predictions.gates[task]
    groups = {
        str(name): weights[values == name].mean(axis=0).tolist()
        for values in predictions.groups.values()
        for name in sorted({value for value in values if value is not None})
    }
    return {
        "entropy": gate_entropy(weights),
        "mean": weights.mean(axis=0).tolist(),
        "groups": groups,
        "distance": {column: gate_distance(weights, values) for column, values in predictions.groups.items()},
    }
