"""Is one next-item model better than another, and do they group the users alike?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.metrics.assignment_agreement import assignment_agreement
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.evaluation.bootstrap import paired_ranking_bootstrap
from tfelc.next_item.evaluation.catalog_scorer import SequenceScorer
from tfelc.next_item.evaluation.evaluation import evaluate_sequences
from tfelc.next_item.evaluation.ranking_metrics import METRICS
from tfelc.next_item.models.elcrec import ELCRec

_ROWS = 512


def compare_sequences(
    model: ELCRec,
    ranks: ArrayLike,
    other: ELCRec,
    examples: Examples,
    remove_seen: bool = True,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Compares a model with another one on the same examples, user by user.

    Args:
        model: The model.
        ranks: Its ranks, from `evaluate_sequences` with the same examples and `remove_seen`, `(examples,)`.
        other: The model to beat.
        examples: Whole histories, with targets.
        remove_seen: Whether a user's seen items are no candidates. Defaults to True.
        progress: Called with the examples ranked so far and their total.

    Returns:
        `{"metrics", "differences", "adjusted_rand_index"}`: the other model's metrics; by metric the `difference`, the
        model's less the other's, with `low`, `high` and `p_value` of a paired bootstrap over users; and how far both
        have the same users in a cluster, None unless both have clusters.
    """
    result, other_ranks = evaluate_sequences(other, examples, "", remove_seen, progress)
    differences = {}
    for metric in METRICS:
        found = paired_ranking_bootstrap(other_ranks, ranks, metric)
        differences[metric] = {
            "difference": found.difference,
            "low": found.low,
            "high": found.high,
            "p_value": found.p_value,
        }
    index = None
    if model.clusters is not None and other.clusters is not None:
        index = assignment_agreement(_clusters(model, examples), _clusters(other, examples))
    return {"metrics": result["metrics"], "differences": differences, "adjusted_rand_index": index}


def _clusters(model: ELCRec, examples: Examples) -> NDArray[np.int32]:
    scorer = SequenceScorer(model)
    blocks = (examples.take(slice(at, at + _ROWS)) for at in range(0, len(examples), _ROWS))
    return np.concatenate([scorer.embed(block)["cluster"] for block in blocks])
