"""How a next-item model's training went, epoch by epoch (Figure 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.report.curves import Curves, curves_of, draw_history
from tfelc.lifecycle.report.markup import Markup
from tfelc.metrics.registries import RANKING_METRICS
from tfelc.next_item.settings import NEXT_ITEM

# All of them in one panel could not be told apart.
_SHOWN = ("hr@5", "hr@20", "ndcg@5", "ndcg@20")


def training_curves(state: Mapping[str, Any] | None) -> Markup:
    """Losses, validation metrics and use of the clusters.

    Args:
        state: Content of the run's `history.json`; None where there is none yet.
    """
    return draw_history(state, _panels)


def _panels(history: Sequence[Mapping[str, Any]]) -> dict[str, Curves]:
    validation = [EvaluationResult.of_epoch(epoch) for epoch in history]
    metrics = curves_of([result.metrics[NEXT_ITEM] for result in validation])
    panels: dict[str, Curves] = {
        "training loss, as weighted": curves_of([epoch["losses"] for epoch in history]),
        "validation": {RANKING_METRICS.get(name).heading: metrics[name] for name in _SHOWN},
    }
    if in_use := [result.clusters.in_use for result in validation if result.clusters]:
        panels["clusters in use"] = {"clusters in use": in_use}
    return panels
