import time

import numpy as np
import pytest

from tfelc.core.errors import UsageError
from tfelc.metrics.ndcg import ndcg
from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.data.splits import leave_one_out
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.models.item_knn import ItemKnn
from tfelc.next_item.models.popularity import Popularity


def test_equal_seeds_give_equal_sequences_in_no_time() -> None:
    began = time.process_time()
    first = simulate(seed=3)
    assert time.process_time() - began < 1
    assert (first.sequences.num_users, first.sequences.num_items) == (2_000, 500)
    again = simulate(seed=3)
    assert again.sequences.hash == first.sequences.hash and (again.intents == first.intents).all()
    assert simulate(seed=4).sequences.hash != first.sequences.hash


def test_a_user_keeps_to_the_intents_and_repeats_nothing() -> None:
    world = simulate(300, 100, seed=1)
    one = world.intents[:, 0] == world.intents[:, 1]
    assert 0.4 < one.mean() < 0.8
    both = 0
    for user in range(300):
        items = world.sequences.of(user)
        assert len(set(items.tolist())) == len(items) >= 3
        met = set(world.item_intents[items].tolist())
        assert met <= set(world.intents[user].tolist())
        both += len(met) == 2
    assert both > 30
    assert sorted(set(world.item_intents.tolist())) == [-1, 0, 1, 2, 3]


def test_order_tells_far_more_than_popularity() -> None:
    sequences = simulate().sequences
    splits = leave_one_out(sequences)
    by_model = {
        model: ndcg(full_ranking(model.fit(splits.train), splits.test, sequences.num_items).ranks, 20)
        for model in (Popularity(sequences.num_items), ItemKnn(sequences.num_items))
    }
    popular, near = by_model.values()
    assert popular < 0.05 and near > 0.5


def test_times_are_there_for_a_split_by_time() -> None:
    times = simulate(50, 20).sequences.times
    assert times is not None and len(np.unique(times)) > 100


def test_too_small_a_world_is_refused() -> None:
    for users, items in ((0, 100), (10, 9)):
        with pytest.raises(UsageError, match="at least 1 user and 10 items"):
            simulate(users, items)
