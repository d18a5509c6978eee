"""How well a next-item model ranks the catalog, and how it uses its clusters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.lifecycle.evaluation.cluster_health import ClusterHealth
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.metrics.list_metric import Recommended
from tfelc.metrics.registries import LIST_METRICS
from tfelc.metrics.summary import list_metrics, ranking_metrics
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.evaluation.catalog_scorer import CatalogScorer
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.evaluation.training_actions import TrainingActions
from tfelc.next_item.models.sequential_recommender import SequentialRecommender
from tfelc.next_item.settings import NEXT_ITEM

# Beside the metrics of a group.
_USERS = "users"


def evaluate(
    model: SequentialRecommender,
    examples: Examples,
    split: str,
    remove_seen: bool = True,
    progress: Callable[[int, int], None] = lambda done, total: None,
    graph: Any = None,
    training: TrainingActions | None = None,
) -> tuple[EvaluationResult, NDArray[np.int32]]:
    """Ranks every target among the whole catalog.

    Args:
        model: The model.
        examples: Whole histories, with targets.
        split: What to call them.
        remove_seen: Whether a user's seen items are no candidates. Defaults to True.
        progress: Called with the examples ranked so far and their total. Defaults to a function that does nothing.
        graph: The result of `embedding_graph`, where the same model is measured again and again. Defaults to None: a
            new one.
        training: What training saw of the items. Defaults to None: then neither the metrics of what is recommended nor
            those by group are measured.

    Returns:
        The metrics, under the one output `next_item`, with the state of the clusters; and the rank of each example's
        target. The clusters' figures count each user in the nearest one, so that no (users x clusters) array is kept.
    """
    # By length, so that a block pads little.
    order = np.argsort(examples.lengths, kind="stable")
    scorer = CatalogScorer(model, graph)
    best = 0 if training is None else max(LIST_METRICS.get(name).k for name in LIST_METRICS.names())
    ranking = full_ranking(scorer, examples.take(order), model.num_items, remove_seen, progress, best=best)
    ranks, lists = np.empty_like(ranking.ranks), np.empty_like(ranking.best)
    ranks[order], lists[order] = ranking.ranks, ranking.best
    clusters = None
    if model.clusters is not None:
        clusters = ClusterHealth.of_clusters(np.concatenate(scorer.clusters), model.clusters.num_clusters)
    metrics, groups = ranking_metrics(ranks), {}
    if training is not None:
        metrics |= list_metrics(Recommended(lists, training.counts, examples.targets, training.takers))
        groups = {
            name: {NEXT_ITEM: {_USERS: float(inside.sum()), **ranking_metrics(ranks[inside])}}
            for name, inside in training.groups(examples).items()
        }
    result = EvaluationResult(split, "users", len(examples), {NEXT_ITEM: metrics}, groups, clusters=clusters)
    return result, ranks
