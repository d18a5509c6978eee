"""What a next-item model is held against: popularity, item-kNN and EASE, on the same users."""

from __future__ import annotations

from tfelc.lifecycle.evaluation.result import Metrics
from tfelc.metrics.summary import ranking_metrics
from tfelc.next_item.data.some_users import some_users
from tfelc.next_item.data.splits import SequenceSplits
from tfelc.next_item.evaluation.full_ranking import Scorer, full_ranking
from tfelc.next_item.models.ease import Ease
from tfelc.next_item.models.item_knn import ItemKnn
from tfelc.next_item.models.popularity import Popularity
from tfelc.next_item.settings import NEXT_ITEM

# Of longer training sequences the yardsticks see those of so many users that they hold about as many actions.
_MOST_ACTIONS = 2_000_000
# EASE solves for items times items, which of a larger catalog would take minutes and gigabytes.
_MOST_EASE_ITEMS = 5_000


def measure_yardsticks(splits: SequenceSplits, num_items: int, remove_seen: bool = True) -> dict[str, Metrics]:
    """Ranks the test targets among the whole catalog by what is popular, by item-kNN and by EASE, all of them untuned.

    They are fitted to training actions alone, as the model is. Of a catalog of more than 5,000 items EASE is left out.

    Args:
        splits: SequenceSplits. What to learn from, and the test examples.
        num_items: int. Items of the catalog.
        remove_seen: bool. Whether a user's seen items are no candidates. Defaults to True.

    Returns:
        Yardstick -> the one output -> metric -> value.
    """
    train = some_users(splits.train, _MOST_ACTIONS)
    scorers: dict[str, Scorer] = {
        "popularity": Popularity(num_items).fit(train),
        "item-kNN": ItemKnn(num_items).fit(train),
    }
    if num_items <= _MOST_EASE_ITEMS:
        scorers["EASE"] = Ease(num_items).fit(train)
    return {
        name: {NEXT_ITEM: ranking_metrics(full_ranking(scorer, splits.test, num_items, remove_seen).ranks)}
        for name, scorer in scorers.items()
    }
