"""Predictions -> the result that is reported."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.lifecycle.evaluation.cluster_health import ClusterHealth
from tfelc.lifecycle.evaluation.result import EvaluationResult, HeldResult, Metrics, Uncalibrated
from tfelc.metrics.gate_distance import gate_distance
from tfelc.metrics.gate_entropy import gate_entropy
from tfelc.metrics.group_rows import group_rows
from tfelc.metrics.registries import RANKER_METRICS
from tfelc.metrics.summary import group_metrics, task_metrics
from tfelc.ranker.evaluation.predictions import Predictions

# What a calibration changes; it leaves the order of the rows.
_CALIBRATION_METRICS = ("calibration", "ne", "ece")


def evaluate(
    predictions: Predictions, split: str, by_group: bool = True, held: HeldResult | None = None
) -> EvaluationResult:
    """Everything that is reported on a split.

    Args:
        predictions: The ranker's answers on the split.
        split: The name of the split.
        by_group: Whether to measure each group of users too, which takes most of the time, and what a calibration
            changes. Defaults to True.
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
        uncalibrated=_uncalibrated(predictions) if by_group else None,
    )


def _uncalibrated(predictions: Predictions) -> Uncalibrated | None:
    """What a calibration changes, without it; None for a ranker that has none."""
    if predictions.uncalibrated is None:
        return None
    binary = {name: outcome for name, outcome in predictions.uncalibrated.items() if not outcome.is_value}

    def measured(inside: NDArray[np.bool_]) -> Metrics:
        found: Metrics = {}
        for output, outcome in binary.items():
            rows = outcome.rows & inside
            if rows.any():
                judged = outcome.labels[rows], outcome.probabilities[rows]
                found[output] = {name: RANKER_METRICS.get(name).value(*judged) for name in _CALIBRATION_METRICS}
        return found

    groups = {name: measured(rows) for _, name, rows in group_rows(predictions.groups)}
    return Uncalibrated(measured(np.ones(predictions.rows, bool)), groups)


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
