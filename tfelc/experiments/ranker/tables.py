"""The tables of a comparison of rankers."""

from collections.abc import Mapping
from typing import Any

from tfelc.experiments.figures import interval_text, mean_and_deviation, signed, spread_text
from tfelc.experiments.ranker.variants import BASELINE
from tfelc.experiments.table import Table
from tfelc.lifecycle.report.number_text import percent

_LIFT_NOTE = "clicks: simulated lift at the same exposure, where each user sees the better half of the impressions"


def tables(result: Mapping[str, Any]) -> list[Table]:
    """The metrics of each model, what each gains over B by group, and its gates and clusters."""
    models = result["models"]
    title = f"test split, mean and standard deviation over {len(result['seeds'])} seeds"
    metrics = [
        [f"{output} {metric.upper()}", *(spread_text(model["tasks"][output][metric]) for model in models.values())]
        for output in models[BASELINE]["tasks"]
        for metric in ("auc", "gauc")
    ]
    gains = [_gains(name, groups) for name, groups in result["differences"].items()]
    return [Table(title, ["", *models], metrics), *gains, _health(result)]


def _gains(name: str, groups: Mapping[str, Any]) -> Table:
    rows = [
        [
            f"{output}, {group}",
            f"{lift['rows']:,}",
            *(interval_text(lift[metric], signed) for metric in ("auc", "gauc")),
            interval_text(lift["clicks"], percent),
        ]
        for output in groups["all"]
        for group, lifts in groups.items()
        if (lift := lifts.get(output))
    ]
    title = f"{name} minus {BASELINE}, with 95 % intervals over users"
    return Table(title, ["output, group", "rows", "AUC", "GAUC", "clicks"], rows, _LIFT_NOTE)


def _health(result: Mapping[str, Any]) -> Table:
    models = {name: model for name, model in result["models"].items() if "gate_entropy" in model}
    rows = {
        f"gate entropy of {task}, nats": [m["gate_entropy"][task] for m in models.values()]
        for task in models[BASELINE]["gate_entropy"]
    }
    clusters = [model["clusters"] or {} for model in models.values()]
    rows["clusters in use"] = [found.get("in_use") for found in clusters]
    rows["largest cluster's share of the rows"] = [found.get("largest_share") for found in clusters]
    rows["silhouette"] = [found.get("silhouette") for found in clusters]
    rows["adjusted Rand of two seeds"] = [found.get("agreement_of_seeds") for found in clusters]
    for group in next((found["groups"] for found in clusters if found), {}):
        for figure in ("information", "adjusted_rand"):
            rows[f"{figure.replace('_', ' ')}, {group}"] = [
                found.get("groups", {}).get(group, {}).get(figure) for found in clusters
            ]
    seconds = {name: [one for one in result["training_seconds"][name] if one is not None] for name in models}
    rows["training, s"] = [mean_and_deviation(of) if of else None for of in seconds.values()]
    cells = [[name, *(spread_text(value) for value in values)] for name, values in rows.items()]
    return Table("gates, clusters and training", ["", *models], cells)
