"""The regularization of EASE^R, chosen on validation."""

from __future__ import annotations

from collections.abc import Callable

from tfelc.metrics.ndcg import ndcg
from tfelc.next_item.data.splits import SequenceSplits
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.models.ease import Ease

_REGULARIZATIONS = (10.0, 30.0, 100.0, 300.0, 1000.0)


def choose_ease_regularization(
    splits: SequenceSplits,
    num_items: int,
    progress: Callable[[float, float], None] = lambda regularization, value: None,
) -> float:
    """Tries some regularizations for the best NDCG@20 on validation, with seen items removed.

    Args:
        splits: Training examples to fit to, and validation examples to choose by.
        num_items: Items in the catalog.
        progress: Called with each regularization and its NDCG@20.

    Raises:
        DataError: The catalog is too large for the memory.
    """

    def quality(regularization: float) -> float:
        model = Ease(num_items, regularization).fit(splits.train)
        value = ndcg(full_ranking(model, splits.validation, num_items).ranks, 20)
        progress(regularization, value)
        return value

    return max(_REGULARIZATIONS, key=quality)
