"""Is one next-item model better than another, and do they group the users alike?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.lifecycle.evaluation.comparison import Comparison
from tfelc.metrics.assignment_agreement import assignment_agreement
from tfelc.metrics.registries import RANKING_METRICS
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.evaluation.bootstrap import paired_ranking_bootstrap
from tfelc.next_item.evaluation.catalog_scorer import CatalogScorer
from tfelc.next_item.evaluation.evaluation import evaluate
from tfelc.next_item.models.sequential_recommender import SequentialRecommender
from tfelc.next_item.settings import NEXT_ITEM

_ROWS = 512


def compare(
    model: SequentialRecommender,
    ranks: ArrayLike,
    other: SequentialRecommender,
    examples: Examples,
    remove_seen: bool = True,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Comparison:
    """Compares a model with another one on the same examples, user by user.

    Args:
        model: The model.
        ranks: Its ranks, from `evaluate` with the same examples and `remove_seen`, `(examples,)`.
        other: The model to beat.
        examples: Whole histories, with targets.
        remove_seen: Whether a user's seen items are no candidates. Defaults to True.
        progress: Called with the examples ranked so far and their total. Defaults to a function that does nothing.

    Returns:
        The other model's metrics, the difference of each metric, the model's less the other's, with the interval of a
        paired bootstrap over users, and how far both have the same users in a cluster.
    """
    result, other_ranks = evaluate(other, examples, "", remove_seen, progress)
    differences = {name: paired_ranking_bootstrap(other_ranks, ranks, name) for name in RANKING_METRICS.names()}
    index = None
    if model.clusters is not None and other.clusters is not None:
        index = assignment_agreement(_clusters(model, examples), _clusters(other, examples))
    return Comparison("users", result.metrics, {NEXT_ITEM: differences}, adjusted_rand_index=index)


def _clusters(model: SequentialRecommender, examples: Examples) -> NDArray[np.int32]:
    scorer = CatalogScorer(model)
    blocks = (examples.take(slice(at, at + _ROWS)) for at in range(0, len(examples), _ROWS))
    return np.concatenate([scorer.embed(block)["cluster"] for block in blocks])
