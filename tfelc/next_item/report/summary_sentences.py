"""What a next-item model's figures say, in plain words."""

from __future__ import annotations

from tfelc.lifecycle.evaluation.cluster_health import ClusterHealth
from tfelc.lifecycle.evaluation.comparison import Comparison
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.report.number_text import number
from tfelc.lifecycle.training.health import COLLAPSED
from tfelc.metrics.ndcg import NDCG_20
from tfelc.next_item.settings import NEXT_ITEM


def quality_sentences(name: str, result: EvaluationResult, num_items: int) -> list[str]:
    """What the model does, and how well.

    Args:
        name: What the model is called.
        result: The result of `evaluate`.
        num_items: Items in the catalog.
    """
    metrics = result.metrics[NEXT_ITEM]
    chance = min(1.0, 20 / num_items)
    return [
        f"{name} recommends the next item of each user, out of {num_items:,}.",
        f"For {metrics['hr@20']:.1%} of {result.count:,} test users the item they really chose next is among its "
        f"first 20 (chance: about {chance:.1%}), for {metrics['hr@5']:.1%} among the first 5.",
    ]


def cluster_sentence(clusters: ClusterHealth | None) -> str:
    """Whether the clusters cluster.

    Args:
        clusters: Their state; None for a model without clusters.
    """
    if clusters is None:
        return "The model has no clusters."
    verdict = "have collapsed" if clusters.in_use < COLLAPSED else "cluster"
    return (
        f"The clusters {verdict}: {clusters.in_use:.1f} of {clusters.num_clusters} are in use, the largest holds "
        f"{clusters.largest_share:.0%} of the users."
    )


def comparison_sentence(comparison: Comparison, other: str) -> str:
    """Whether the model beats another one.

    Args:
        comparison: The result of `compare`.
        other: What the model to beat is called.
    """
    found = comparison.differences[NEXT_ITEM][NDCG_20.name]
    verdict = "better" if found.low > 0 else "worse" if found.high < 0 else "not measurably better or worse"
    return (
        f"Beside {other} it is {verdict} ({NDCG_20.heading} {number(found.difference, True)}, 95 % interval "
        f"{number(found.low, True)} to {number(found.high, True)})."
    )
