from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfelc.metrics.summary import ranking_metrics
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.sequence_file import read_sequence_file
from tfelc.next_item.data.splits import leave_one_out
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.models import item_knn
from tfelc.next_item.models.item_knn import ItemKnn


def _one_each(sequences: list[list[int]]) -> Examples:
    """The last item of each sequence after all before it."""
    lengths = np.array([len(sequence) for sequence in sequences])
    ends = np.cumsum(lengths)
    return Examples(
        actions=np.array([item for sequence in sequences for item in sequence], np.int32),
        starts=ends - lengths,
        stops=ends - 1,
        targets=np.array([sequence[-1] for sequence in sequences], np.int32),
        users=np.arange(len(sequences)),
    )


def test_scores_by_hand() -> None:
    known = _one_each([[1, 2, 3], [2, 3, 1]])
    model = ItemKnn(4, window=2, decay=1.0, recency=0.5, backward=0.25).fit(known)
    # One step after: 1->2, 2->3 twice, 3->1; two steps after, each a half: 1->3, 2->1. Before: a quarter of those.
    near = np.array(
        [
            [0, 1 + 0.25 * 0.5, 0.5 + 0.25 * 1, 0],
            [0.5 + 0.25 * 1, 0, 2, 0],
            [1 + 0.25 * 0.5, 0.25 * 2, 0, 0],
            [0, 0, 0, 0],
        ]
    )
    scores = model.scores(_one_each([[1, 2, 4], [3, 1]]))
    assert scores.dtype == np.float32 and np.isneginf(scores[:, 0]).all()
    np.testing.assert_allclose(scores[0, 1:], near[1] + 0.5 * near[0], atol=2e-6)
    np.testing.assert_allclose(scores[1, 1:], near[2], atol=2e-6)


def test_of_a_large_catalog_the_nearest_items_alone_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_knn, "_LEAST", 1)
    monkeypatch.setattr(item_knn, "_ALL", 4)
    known = _one_each([[1, 2, 3], [2, 3, 1]])
    model = ItemKnn(4, window=2, decay=1.0, recency=0.5, backward=0.25).fit(known)
    # Of four pairs one is left of each item: of 1 that with 2, of 2 that with 3.
    scores = model.scores(_one_each([[1, 2, 4]]))
    np.testing.assert_allclose(scores[0, 1:], [0, 0.5 * 1.125, 2, 0], atol=2e-6)


def test_popularity_orders_what_was_never_near() -> None:
    model = ItemKnn(5, window=1).fit(_one_each([[1, 2], [3, 4], [5, 4]]))
    order = np.argsort(-model.scores(_one_each([[1, 5]]))[0, 1:], kind="stable") + 1
    assert order[0] == 2 and order[1] == 4


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.integers(1, 5), min_size=2, max_size=7), min_size=1, max_size=5),
    st.integers(1, 8),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([0.3, 1.0]),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_agrees_with_plain_loops(sequences, window: int, decay: float, recency: float, backward: float) -> None:
    near = np.zeros((6, 6))
    for sequence in sequences:
        for first in range(len(sequence)):
            for second in range(first + 1, min(first + window + 1, len(sequence))):
                weight = (second - first) ** -decay
                near[sequence[first], sequence[second]] += weight
                near[sequence[second], sequence[first]] += backward * weight
    examples = _one_each(sequences)
    expected = [
        sum(recency**age * near[item] for age, item in enumerate(reversed(sequence[:-1]))) for sequence in sequences
    ]
    found = ItemKnn(5, window, decay, recency, backward).fit(examples).scores(examples)
    np.testing.assert_allclose(found[:, 1:], np.array(expected)[:, 1:], rtol=1e-5, atol=2e-6)


# What `choose_item_knn` finds on validation, and the test figures: HR at 5, 10, 20, then NDCG.
_CHOSEN = {
    "Beauty": ((20, 0.5, 0.4, 0.25), [0.0629, 0.0845, 0.1117, 0.0459, 0.0529, 0.0597]),
    "Sports_and_Outdoors": ((20, 0.5, 0.6, 0.25), [0.0402, 0.0556, 0.0755, 0.0282, 0.0332, 0.0382]),
    "Toys_and_Games": ((20, 0.5, 0.6, 0.25), [0.0779, 0.1019, 0.1281, 0.0570, 0.0648, 0.0714]),
    "Yelp": ((20, 0.5, 0.9, 1.0), [0.0270, 0.0455, 0.0720, 0.0173, 0.0232, 0.0299]),
}


@pytest.mark.parametrize("name", sorted(_CHOSEN))
def test_the_public_files(data_dir: Path, name: str) -> None:
    (window, decay, recency, backward), expected = _CHOSEN[name]
    sequences = read_sequence_file(data_dir / "sequences" / f"{name}.txt")
    splits = leave_one_out(sequences)
    model = ItemKnn(sequences.num_items, window, decay, recency, backward).fit(splits.train)
    ranks = full_ranking(model, splits.test, sequences.num_items).ranks
    assert list(ranking_metrics(ranks).values()) == pytest.approx(expected, abs=1e-4)
