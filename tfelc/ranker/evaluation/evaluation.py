"""Predictions -> the metrics that are reported: one JSON object."""

from __future__ import annotations

from typing import Any

from tfelc.metrics.gate_distance import gate_distance
from tfelc.metrics.gate_entropy import gate_entropy
from tfelc.metrics.summary import group_metrics, task_metrics
from tfelc.ranker.evaluation.cluster_health import cluster_health
from tfelc.ranker.evaluation.predictions import Predictions


def output_metrics(predictions: Predictions) -> dict[str, dict[str, float]]:
    """Metrics of every output, each over the rows on which it is judged."""
    found = {}
    for name, outcome in predictions.outcomes.items():
        users = None if predictions.users is None else predictions.users[outcome.rows]
        found[name] = task_metrics(outcome.labels[outcome.rows], outcome.probabilities[outcome.rows], users)
    return found


def evaluate(predictions: Predictions, split: str) -> dict[str, Any]:
    """Everything that is reported on a split.

    Returns:
        `split`, `rows`, `tasks` (output -> metric -> value), `groups` (group -> output -> metric -> value), `gates`
        (task -> mean entropy in nats, the mean weight of each expert over all rows and in each group, and by group
        column the distance between the groups) and `clusters` (see `cluster_health`).
    """
    outcomes = predictions.outcomes
    return {
        "split": split,
        "rows": predictions.rows,
        "tasks": output_metrics(predictions),
        "groups": group_metrics(
            predictions.groups,
            {name: outcome.labels for name, outcome in outcomes.items()},
            {name: outcome.probabilities for name, outcome in outcomes.items()},
            predictions.users,
            {name: outcome.rows for name, outcome in outcomes.items()},
        ),
        "gates": gates_use(predictions),
        "clusters": cluster_health(predictions),
    }


def gates_use(predictions: Predictions) -> dict[str, Any]:
    """How each task's gate mixes the experts; see `evaluate`."""
    return {task: _gate_use(predictions, task) for task in predictions.gates}


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
