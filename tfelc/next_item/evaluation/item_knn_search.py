"""The settings of item-kNN, chosen on validation."""

from __future__ import annotations

from collections.abc import Callable

from tfelc.metrics.ndcg import ndcg
from tfelc.next_item.data.splits import SequenceSplits
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.models.item_knn import ItemKnn

_GRID: dict[str, tuple[float, ...]] = {
    "recency": (0.2, 0.4, 0.6, 0.8, 0.9),
    "backward": (0.0, 0.25, 0.5, 1.0),
    "decay": (0.0, 0.5, 1.0, 1.5),
    "window": (5, 10, 20),
}
_ROUNDS = 2
_Settings = dict[str, float]


def choose_item_knn(
    splits: SequenceSplits, num_items: int, progress: Callable[[str, float], None] = lambda settings, value: None
) -> ItemKnn:
    """Searches one setting after another, twice, for the best NDCG@20 on validation, with seen items removed.

    Args:
        splits: Training examples to count, and validation examples to choose by.
        num_items: Items in the catalog.
        progress: Called with each tried model's settings and its NDCG@20.

    Returns:
        The best model, fitted on the training examples.
    """
    tried: dict[tuple[float, ...], float] = {}

    def quality(settings: _Settings) -> float:
        key = tuple(settings.values())
        if key not in tried:
            model = _made(num_items, settings).fit(splits.train)
            tried[key] = ndcg(full_ranking(model, splits.validation, num_items).ranks, 20)
            progress(", ".join(f"{name} {value:g}" for name, value in settings.items()), tried[key])
        return tried[key]

    best: _Settings = {"recency": 0.6, "backward": 0.5, "decay": 0.5, "window": 20}
    for _ in range(_ROUNDS):
        for name, values in _GRID.items():
            best = max(({**best, name: value} for value in values), key=quality)
    return _made(num_items, best).fit(splits.train)


def _made(num_items: int, settings: _Settings) -> ItemKnn:
    return ItemKnn(
        num_items,
        window=int(settings["window"]),
        decay=settings["decay"],
        recency=settings["recency"],
        backward=settings["backward"],
    )
