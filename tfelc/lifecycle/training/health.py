"""How an epoch's clusters and gates are shown, and when to be alarmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfelc.lifecycle.settings.clusters import ClusterSettings

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


def collapse_warning(history: Sequence[Mapping[str, Any]], clusters: ClusterSettings | None) -> str | None:
    """What to tell when fewer than two clusters are left in the last epoch, and in none before it.

    Args:
        history: The epochs so far, as the history has them, the last one just trained.
        clusters: The settings of the clusters; None for a model without. Fewer than 2 cannot collapse.
    """
    count = clusters.num_clusters if clusters else 0
    if clusters is None or count < COLLAPSED:
        return None
    in_use = [_in_use(epoch) for epoch in history]
    if in_use[-1] >= COLLAPSED or any(value < COLLAPSED for value in in_use[:-1]):
        return None
    found = f"{in_use[-1]:.2f} of {count} in use"
    without = "model.clusters.num_clusters=0 leaves them out"
    if clusters.merge:
        return (
            f"the clusters tell users apart no longer: {found}, since model.clusters.merge takes away those that lie "
            f"closer together than model.clusters.temperature ({clusters.temperature:g}) or hold next to nothing. "
            f"model.clusters.merge=false keeps all of them, a lower temperature finer ones; {without}"
        )
    soft = "" if clusters.objective == "soft" else "take model.clusters.objective=soft, "
    return (
        f"the clusters have collapsed: {found}. Lower model.clusters.temperature ({clusters.temperature:g}), {soft}or "
        f"lower model.clusters.alpha ({clusters.alpha:g}); {without}"
    )


def _in_use(epoch: Mapping[str, Any]) -> float:
    """The clusters in use in training where that is logged, or on the validation split."""
    clusters = epoch.get("validation", {}).get("clusters") or {}
    found: float = epoch.get("health", {}).get("clusters_in_use", clusters.get("in_use", COLLAPSED))
    return found
