"""The tables of a comparison of next-item models."""

from collections.abc import Mapping
from typing import Any

from tfelc.experiments.figures import interval_text, signed, spread_text
from tfelc.experiments.table import Table

_PROTOCOLS = {"leave_one_out": "Leave-one-out", "global_time": "Split by time"}


def tables(result: Mapping[str, Any]) -> list[Table]:
    """The metrics of each data set's models, with the gain over SASRec, and how they were trained."""
    protocol = _PROTOCOLS[result["protocol"].split(",")[0]]
    note = (
        f"{protocol}, whole catalog, seen items removed; mean ± standard deviation over {len(result['seeds'])} seeds. "
        "Over SASRec: the gain in NDCG@20 over SASRec by the settings of the same data set, and its 95 % interval by a "
        "paired bootstrap over users. Fitted to: the splits whose actions a model was fitted to; settings and epochs "
        "are chosen on validation, and every model is asked with whole histories, validation items among them."
    )
    found: list[Table] = []
    for source, data in result["datasets"].items():
        models = data["models"]
        metrics = list(next(iter(models.values()))["metrics"])
        rows = [
            [
                name,
                *(spread_text(model["metrics"][metric]) for metric in metrics),
                interval_text(model.get("ndcg@20 over SASRec"), signed),
                model.get("fitted_to", "train"),
            ]
            for name, model in models.items()
        ]
        headings = ["model", *(metric.upper() for metric in metrics), "over SASRec", "fitted to"]
        found.append(Table(source, headings, rows, "" if found else note))
        if any(model["loss"] for model in models.values()):
            found.append(_training(source, models))
    return found


def _training(source: str, models: Mapping[str, Any]) -> Table:
    rows = [
        [
            name,
            model["loss"],
            ", ".join(map(str, model["best_epoch"])),
            spread_text(model["clusters"].get("in_use"), "{:.0f}".format),
            spread_text(model["seconds"], "{:.0f} s".format),
        ]
        for name, model in models.items()
        if model["loss"]
    ]
    return Table(f"{source}: training", ["model", "loss", "best epoch", "clusters in use", "training"], rows)
