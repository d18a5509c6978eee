"""How training went, epoch by epoch (Figure 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from tfelc.lifecycle.report.markup import Markup, note
from tfelc.lifecycle.report.picture import COLORS, GREY, drawing, picture

Curves = Mapping[str, Sequence[float]]


def ranker_curves(state: Mapping[str, Any] | None) -> Markup:
    """Losses, validation AUC and use of the clusters of a ranker.

    Args:
        state: Content of the run's `history.json`, or None.
    """
    history = state["history"] if state else []
    if not state or not history:
        return note("No training curves: the run has not finished an epoch (no history.json).")
    losses = _series([epoch["losses"] for epoch in history])
    health = _series([epoch.get("health", {}) for epoch in history])
    panels = {
        "training loss": {name: values for name, values in losses.items() if name.endswith("loss")},
        "validation AUC": _series(
            [{output: values["auc"] for output, values in epoch["validation"].items()} for epoch in history]
        ),
    }
    if "clusters_in_use" in health:
        panels["clusters in use"] = {"clusters in use": health["clusters_in_use"]}
    return _drawn(panels, state["best_epoch"])


def sequence_curves(state: Mapping[str, Any] | None) -> Markup:
    """Losses, validation metrics and use of the clusters of a next-item model.

    Args:
        state: Content of the run's `history.json`, or None.
    """
    history = state["history"] if state else []
    if not state or not history:
        return note("No training curves: the run has not finished an epoch (no history.json).")
    metrics = _series([epoch["validation"]["metrics"] for epoch in history])
    panels = {
        "training loss, as weighted": _series([epoch["losses"] for epoch in history]),
        "validation": {name.upper(): metrics[name] for name in ("hr@5", "hr@20", "ndcg@5", "ndcg@20")},
    }
    if history[0]["validation"]["clusters"]:
        panels["clusters in use"] = {
            "clusters in use": [epoch["validation"]["clusters"]["in_use"] for epoch in history]
        }
    return _drawn(panels, state["best_epoch"])


def _series(epochs: Sequence[Mapping[str, float | None]]) -> dict[str, list[float]]:
    # What was not defined is null in the file.
    return {
        name: [float("nan") if (value := epoch.get(name)) is None else value for epoch in epochs] for name in epochs[0]
    }


def _drawn(panels: Mapping[str, Curves], best: int | None) -> Markup:
    with drawing(9, 3.3) as figure:
        texts = [
            _panel(axes, title, curves, best)
            for axes, (title, curves) in zip(
                figure.subplots(1, len(panels), squeeze=False).ravel(), panels.items(), strict=True
            )
        ]
        kept = f" The dashed line is the epoch whose weights were kept ({best})." if best else ""
        return picture(
            figure, f"Curves by epoch. {' '.join(texts)}", f"Training, epoch by epoch.{kept} As Figure 6 of the paper."
        )


def _panel(axes: Axes, title: str, curves: Curves, best: int | None) -> str:
    for number, (name, values) in enumerate(curves.items()):
        epochs = range(1, len(values) + 1)
        axes.plot(epochs, values, color=COLORS[number % len(COLORS)], marker="o", markersize=4, label=name)
    if best:
        axes.axvline(best, color=GREY, linestyle="--", linewidth=1, zorder=0)
    axes.set(title=title, xlabel="epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(y=0.1)
    if len(curves) > 1:
        axes.legend(fontsize=8)
    ends = ", ".join(f"{name} from {values[0]:.3f} to {values[-1]:.3f}" for name, values in curves.items())
    return f"{title}: {ends}."
