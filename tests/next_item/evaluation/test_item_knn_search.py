from pathlib import Path

import pytest

from tfelc.metrics.ndcg import ndcg
from tfelc.next_item.data.sequence_file import read_sequence_file
from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.data.splits import leave_one_out
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.evaluation.item_knn_search import choose_item_knn


def test_the_best_of_what_was_tried_is_kept() -> None:
    sequences = simulate(300, 100).sequences
    splits = leave_one_out(sequences)
    tried: dict[str, float] = {}
    model = choose_item_knn(splits, sequences.num_items, tried.__setitem__)
    validation = ndcg(full_ranking(model, splits.validation, sequences.num_items).ranks, 20)
    assert validation == max(tried.values()) and len(tried) > 10
    key = f"recency {model.recency:g}, backward {model.backward:g}, decay {model.decay:g}, window {model.window}"
    assert tried[key] == validation
    # The simulated steps go one way round a circle.
    assert model.backward < 1 and model.recency < 0.9


@pytest.mark.slow
def test_what_is_found_on_toys(data_dir: Path) -> None:
    sequences = read_sequence_file(data_dir / "sequences" / "Toys_and_Games.txt")
    model = choose_item_knn(leave_one_out(sequences), sequences.num_items)
    # `tests/models/test_item_knn.py` holds its figures on test.
    assert (model.window, model.decay, model.recency, model.backward) == (20, 0.5, 0.6, 0.25)
