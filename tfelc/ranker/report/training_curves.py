"""How a ranker's training went, epoch by epoch (Figure 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.report.curves import Curves, curves_of, draw_history
from tfelc.lifecycle.report.markup import Markup
from tfelc.metrics.auc import AUC


def training_curves(state: Mapping[str, Any] | None) -> Markup:
    """Losses, validation AUC and use of the clusters.

    Args:
        state: Content of the run's `history.json`; None where there is none yet.
    """
    return draw_history(state, _panels)


def _panels(history: Sequence[Mapping[str, Any]]) -> dict[str, Curves]:
    losses = curves_of([epoch["losses"] for epoch in history])
    health = curves_of([epoch.get("health", {}) for epoch in history])
    validation = [EvaluationResult.of_epoch(epoch).metrics for epoch in history]
    panels: dict[str, Curves] = {
        "training loss": {name: values for name, values in losses.items() if name.endswith("loss")},
        f"validation {AUC.heading}": curves_of(
            [
                {output: values[AUC.name] for output, values in metrics.items() if AUC.name in values}
                for metrics in validation
            ]
        ),
    }
    if "clusters_in_use" in health:
        panels["clusters in use"] = {"clusters in use": health["clusters_in_use"]}
    return panels
