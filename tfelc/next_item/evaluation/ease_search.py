"""The regularization of EASE^R, chosen on validation."""

from __future__ import annotations

from collections.abc import Callable

from tfelc.metrics.ndcg import ndcg
from tfelc.next_item.data.splits import SequenceSplits
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.models.ease import Ease

_REGULARIZATIONS = (10.0, 30.0, 100.0, 300.0, 1000.0)


def choose_ease(
    splits: SequenceSplits,
    num_items: int,
    refitted: bool = False,
    progress: Callable[[float, float], None] = lambda regularization, value: None,
) -> Ease:
    """Tries regularizations for the best NDCG@20 on validation, with seen items removed.

    Args:
        splits: Training examples to fit to, and validation examples to choose by.
        num_items: Items in the catalog.
        refitted: Whether what was chosen is fitted once more, to training and validation. Defaults to False.
        progress: Called with each regularization and its NDCG@20.

    Returns:
        The best model.

    Raises:
        DataError: The catalog is too large for the memory.
    """
    best: tuple[float, Ease] | None = None
    for regularization in _REGULARIZATIONS:
        model = Ease(num_items, regularization).fit(splits.train)
        value = ndcg(full_ranking(model, splits.validation, num_items).ranks, 20)
        progress(regularization, value)
        # A catalog's weights take much memory: those of all but the best are let go.
        if best is None or value > best[0]:
            best = value, model
    assert best is not None
    return best[1].fit(splits.train.joined(splits.validation)) if refitted else best[1]
