"""The tables of a comparison of rankers."""

from collections.abc import Mapping
from typing import Any

from tfelc.experiments.figures import by_path, interval_text, signed, spread, spread_text
from tfelc.experiments.ranker.variants import BASELINE
from tfelc.experiments.table import Table
from tfelc.lifecycle.report.number_text import percent

_LIFT_NOTE = "clicks: simulated lift at the same exposure, where each user sees the better half of the impressions"


def tables(result: Mapping[str, Any]) -> list[Table]:
    """The metrics of each model, what each gains over B by group, and its gates and clusters."""
    models = result["models"]
    title = f"test split, mean and standard deviation over {len(result['seeds'])} seeds"
    metrics = [
        [f"{output} {metric.upper()}", *(spread_text(model["metrics"][output][metric]) for model in models.values())]
        for output in models[BASELINE]["metrics"]
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
    found = {}
    for name, seconds in result["training_seconds"].items():
        model = result["models"][name]
        # Agreement needs two seeds, and a time a training that was not interrupted.
        clusters = {figure: value for figure, value in (model["clusters"] or {}).items() if value is not None}
        timed = [one for one in seconds if one is not None]
        training = {"training, s": spread(timed)} if timed else {}
        found[name] = by_path({"gate entropy, nats": model["gate_entropy"], "clusters": clusters, **training})
    names = dict.fromkeys(figure for figures in found.values() for figure in figures)
    rows = [[name, *(spread_text(figures.get(name)) for figures in found.values())] for name in names]
    return Table("gates, clusters and training", ["", *found], rows)
