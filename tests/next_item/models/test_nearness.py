import numpy as np
import pytest

from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.data.splits import leave_one_out
from tfelc.next_item.models import nearness as module
from tfelc.next_item.models.co_occurrence import co_occurrences
from tfelc.next_item.models.nearness import nearness

ITEMS = 60


@pytest.fixture(scope="module")
def train():
    return leave_one_out(simulate(200, ITEMS).sequences).train


@pytest.mark.parametrize(("window", "decay", "backward"), [(20, 0.5, 0.25), (3, 1.0, 0.0), (5, 0.3, 1.0)])
@pytest.mark.parametrize("most_pairs", [2**24, 500, 1])
def test_however_many_items_are_counted_at_a_time_it_is_the_sum_of_both_directions_to_the_bit(
    train, monkeypatch, window, decay, backward, most_pairs
):
    monkeypatch.setattr(module, "_MOST_PAIRS", most_pairs)
    after = co_occurrences(*train.known(), ITEMS, window, decay)
    whole = (after + backward * after.T).toarray()
    np.testing.assert_array_equal(nearness(train, ITEMS, window, decay, backward, ITEMS).toarray(), whole)


def test_the_nearest_items_are_kept_and_of_equally_near_ones_those_of_lower_numbers(train):
    whole = nearness(train, ITEMS, 20, 0.0, 1.0, ITEMS).toarray()
    kept = nearness(train, ITEMS, 20, 0.0, 1.0, 4)
    assert kept.shape == whole.shape
    for row, found in zip(whole, kept.toarray(), strict=True):
        order = np.argsort(-row, kind="stable")[:4]
        wanted = np.zeros_like(row)
        wanted[order] = row[order]
        np.testing.assert_array_equal(found, wanted)
    # With a weight of 1 for each distance many are equally near, or this would say nothing of ties.
    assert any(len(np.unique(row[row > 0])) < np.count_nonzero(row) for row in whole)
