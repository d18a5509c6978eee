"""How well a next-item model ranks the catalog, and how it uses its clusters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.metrics.cluster_use import effective_number
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.evaluation.catalog_scorer import SequenceScorer
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.evaluation.ranking_metrics import ranking_metrics
from tfelc.next_item.models.elcrec import ELCRec


def evaluate_sequences(
    model: ELCRec,
    examples: Examples,
    split: str,
    remove_seen: bool = True,
    progress: Callable[[int, int], None] = lambda done, total: None,
    graph: Any = None,
) -> tuple[dict[str, Any], NDArray[np.int32]]:
    """Ranks every target among the whole catalog.

    Args:
        model: The model.
        examples: Whole histories, with targets.
        split: What to call them.
        remove_seen: Whether a user's seen items are no candidates. Defaults to True.
        progress: Called with the examples ranked so far and their total.
        graph: Of `embedding_graph`, where the same model is measured again and again. Defaults to None: a new one.

    Returns:
        `{"split", "users", "metrics": {"hr@5", ..., "ndcg@20"}, "clusters": {"count", "in_use", "largest_share"}}`
        (no clusters: an empty dict), and the rank of each example's target. The clusters' figures count each user in
        the nearest one, so that no (users x clusters) array is kept.
    """
    # By length, so that a block pads little.
    order = np.argsort(examples.lengths, kind="stable")
    scorer = SequenceScorer(model, graph)
    ranking = full_ranking(scorer, examples.take(order), model.num_items, remove_seen, progress)
    ranks = np.empty_like(ranking.ranks)
    ranks[order] = ranking.ranks
    result: dict[str, Any] = {
        "split": split,
        "users": len(examples),
        "metrics": ranking_metrics(ranks),
        "clusters": {},
    }
    if model.clusters is not None:
        shares = np.bincount(np.concatenate(scorer.clusters), minlength=model.clusters.num_clusters) / len(examples)
        result["clusters"] = {
            "count": model.clusters.num_clusters,
            "in_use": effective_number(shares),
            "largest_share": float(shares.max()),
        }
    return result, ranks
