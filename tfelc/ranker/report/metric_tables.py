"""All the metrics as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfelc.lifecycle.report.group_names import in_order
from tfelc.lifecycle.report.markup import Markup, data_table
from tfelc.lifecycle.report.number_text import number
from tfelc.next_item.evaluation.ranking_metrics import METRICS

_NAMES = {
    "auc": "AUC",
    "gauc": "GAUC",
    "gauc_coverage": "rows of GAUC",
    "logloss": "log loss",
    "ne": "NE",
    "calibration": "predicted / observed",
    "ece": "ECE",
}


def ranker_metrics(results: Mapping[str, Mapping[str, Any]], best_auc: Mapping[str, float | None]) -> Markup:
    """Every metric of every output.

    Args:
        results: Name of a run -> what `evaluate` returned.
        best_auc: Output -> the AUC of the true probabilities, where they are known.
    """
    header = ["output", *_NAMES.values(), *(["best possible AUC"] if best_auc else [])]
    rows = [
        [
            f"{output}, {run}" if len(results) > 1 else output,
            *(number(values[name]) for name in _NAMES),
            *([number(best_auc.get(output))] if best_auc else []),
        ]
        for output in dict.fromkeys(output for result in results.values() for output in result["tasks"])
        for run, result in results.items()
        if (values := result["tasks"].get(output))
    ]
    return data_table("Metrics on the test split", header, rows)


def group_metrics_table(result: Mapping[str, Any]) -> Markup:
    """AUC and GAUC by group.

    Args:
        result: What `evaluate` returned, with a group at least.
    """
    outputs = list(result["tasks"])
    header = ["group", *(f"{output} {name}" for output in outputs for name in ("AUC", "GAUC"))]
    rows = [
        [
            group,
            *(
                number(result["groups"][group].get(output, {}).get(name))
                for output in outputs
                for name in ("auc", "gauc")
            ),
        ]
        for group in in_order(result["groups"])
    ]
    return data_table("AUC and GAUC by group of users", header, rows)


def cluster_table(health: Mapping[str, Any], gates: Mapping[str, Any]) -> Markup:
    """State of the clusters and the gates.

    Args:
        health: What `cluster_health` returned.
        gates: `evaluate`'s entry of this name.
    """
    rows = [
        ["clusters in use (effective number)", f"{health['in_use']:.1f}"],
        ["share of the rows in the largest", f"{health['largest_share']:.1%}"],
        ["silhouette, from -1 to 1 (1: tight and far apart)", number(health["silhouette"])],
    ]
    for column, values in health["groups"].items():
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


def sequence_metrics(results: Mapping[str, Mapping[str, Any]]) -> Markup:
    """HR and NDCG.

    Args:
        results: Name of a run -> what `evaluate_sequences` returned.
    """
    rows = [[run, *(number(result["metrics"][name]) for name in METRICS)] for run, result in results.items()]
    return data_table("Full ranking on the test split", ["run", *(name.upper() for name in METRICS)], rows)
