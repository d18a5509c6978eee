"""How an epoch's clusters and gates are shown, and when to be alarmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

COLLAPSED = 2.0


def health_line(health: Mapping[str, float]) -> str:
    """The clusters' use and the gates' entropy in a few words, to follow the losses of an epoch; may be empty.

    Args:
        health: As an epoch of the history has it, `clusters_in_use` and the like.
    """
    parts = []
    if "clusters_in_use" in health:
        parts.append(f"clusters {health['clusters_in_use']:.1f} in use, largest {health['largest_cluster_share']:.0%}")
    if gates := [f"{value:.2f}" for name, value in health.items() if name.endswith("_gate_entropy")]:
        parts.append(f"gate entropy {' '.join(gates)}")
    return "  ".join(parts)


def collapse_warning(history: Sequence[Mapping[str, Any]], count: int) -> str | None:
    """What to tell when the clusters have collapsed in the last epoch, and in none before it.

    Args:
        history: The epochs so far, as the history has them, the last one just trained.
        count: Clusters of the model; fewer than 2 cannot collapse.
    """
    in_use = [_in_use(epoch) for epoch in history]
    if count < COLLAPSED or in_use[-1] >= COLLAPSED or any(value < COLLAPSED for value in in_use[:-1]):
        return None
    return (
        f"the clusters have collapsed: {in_use[-1]:.2f} of {count} in use. Lower model.clusters.temperature, take "
        "model.clusters.objective=soft, or lower model.clusters.alpha"
    )


def _in_use(epoch: Mapping[str, Any]) -> float:
    """The clusters in use in training where that is logged, or on the validation split."""
    clusters = epoch.get("validation", {}).get("clusters") or {}
    found: float = epoch.get("health", {}).get("clusters_in_use", clusters.get("in_use", COLLAPSED))
    return found
