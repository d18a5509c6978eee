import pytest

from tfelc.metrics.summary import ranking_metrics
from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.evaluation import yardsticks
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.models.ease import Ease
from tfelc.next_item.models.popularity import Popularity
from tfelc.next_item.run import split
from tfelc.next_item.settings import SplitSettings


@pytest.fixture(scope="module")
def sequences():
    return simulate(200, 60, 0).sequences


def test_popularity_and_neighbors_are_ranked_as_a_model_is(sequences):
    splits = split(sequences, SplitSettings())
    found = yardsticks.measure_yardsticks(splits, sequences.num_items)
    assert list(found) == ["popularity", "item-kNN", "EASE"]
    popular = full_ranking(Popularity(sequences.num_items).fit(splits.train), splits.test, sequences.num_items)
    assert found["popularity"] == {"next_item": ranking_metrics(popular.ranks)}
    assert found["item-kNN"]["next_item"]["hr@20"] > 0
    solved = full_ranking(Ease(sequences.num_items).fit(splits.train), splits.test, sequences.num_items)
    assert found["EASE"] == {"next_item": ranking_metrics(solved.ranks)}


def test_a_large_catalog_is_not_solved_for(sequences, monkeypatch):
    monkeypatch.setattr(yardsticks, "_MOST_EASE_ITEMS", sequences.num_items - 1)
    found = yardsticks.measure_yardsticks(split(sequences, SplitSettings()), sequences.num_items)
    assert list(found) == ["popularity", "item-kNN"]
