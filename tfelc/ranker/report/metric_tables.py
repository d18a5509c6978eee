"""All the metrics as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfelc.lifecycle.evaluation.cluster_health import ClusterHealth
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.report.group_names import in_order
from tfelc.lifecycle.report.markup import Markup, data_table
from tfelc.lifecycle.report.number_text import number
from tfelc.metrics.registries import RANKER_METRICS
from tfelc.ranker.evaluation.tables import by_group_metrics, calibration_rows


def ranker_metrics(results: Mapping[str, EvaluationResult], best_auc: Mapping[str, float | None]) -> Markup:
    """Every metric of every output.

    Args:
        results: Name of a run -> the result of `evaluate`.
        best_auc: Output -> the AUC of the true probabilities, where they are known.
    """
    there = {name for result in results.values() for values in result.metrics.values() for name in values}
    metrics = [RANKER_METRICS.get(name) for name in RANKER_METRICS.names() if name in there]
    header = ["output", *(metric.heading for metric in metrics), *(["best possible AUC"] if best_auc else [])]
    rows = [
        [
            f"{output}, {run}" if len(results) > 1 else output,
            *(number(values.get(metric.name)) for metric in metrics),
            *([number(best_auc.get(output))] if best_auc else []),
        ]
        for output in dict.fromkeys(output for result in results.values() for output in result.metrics)
        for run, result in results.items()
        if (values := result.metrics.get(output))
    ]
    return data_table("Metrics on the test split", header, rows)


def group_metrics_table(result: EvaluationResult) -> Markup:
    """AUC and GAUC by group; of quantities XAUC and the error as a share of the spread.

    Args:
        result: The result of `evaluate`, with a group at least.
    """
    shown = [
        (output, RANKER_METRICS.get(name))
        for output, values in result.metrics.items()
        for name in by_group_metrics(values)
    ]
    header = ["group", *(f"{output} {metric.heading}" for output, metric in shown)]
    rows = [
        [
            group,
            *(number(result.groups[group].get(output, {}).get(metric.name)) for output, metric in shown),
        ]
        for group in in_order(result.groups)
    ]
    headings = " and ".join(dict.fromkeys(metric.heading for _, metric in shown))
    return data_table(f"{headings} by group of users", header, rows)


def calibration_table(result: EvaluationResult) -> Markup:
    """Predicted over observed by output, without the calibration that the ranker has and with it.

    Args:
        result: The result of `evaluate`, of a ranker that has a calibration.
    """
    found = calibration_rows(result)
    outputs = next(iter(found.values()))
    header = ["group", *(f"{output}, {what}" for output in outputs for what in ("without", "with"))]
    rows = [[group, *(number(each) for pair in of.values() for each in pair)] for group, of in found.items()]
    return data_table("Predicted / observed, without and with calibration", header, rows)


def cluster_table(health: ClusterHealth, gates: Mapping[str, Any]) -> Markup:
    """State of the clusters and the gates.

    Args:
        health: State of the clusters.
        gates: How each task's gate mixes the experts, as in an `EvaluationResult`.
    """
    rows = [
        ["clusters in use (effective number)", f"{health.in_use:.1f}"],
        ["share of the rows in the largest", f"{health.largest_share:.1%}"],
        ["silhouette, from -1 to 1 (1: tight and far apart)", number(health.silhouette)],
    ]
    for column, values in health.groups.items():
        rows += [
            [f"share of {column} that the cluster tells", number(values["information"])],
            [f"agreement of clusters with {column} (adjusted Rand)", number(values["adjusted_rand"])],
        ]
    for task, use in gates.items():
        rows += [[f"gate of {task}: mean entropy, in nats", number(use["entropy"])]]
        rows += [
            [f"gate of {task}: distance between the groups of {column}, from 0 to 1", number(distance)]
            for column, distance in use["distance"].items()
        ]
    return data_table("Clusters and gates", ("measure", "value"), rows)
