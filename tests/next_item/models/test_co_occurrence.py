import math

import numpy as np
import pytest

from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.data.some_users import some_users
from tfelc.next_item.data.splits import leave_one_out
from tfelc.next_item.models import co_occurrence
from tfelc.next_item.models.co_occurrence import co_occurrence_embeddings, co_occurrences


def _train(*histories: list[int], items: int) -> object:
    """Training examples whose known items are the histories; two more are held out by leave-one-out."""
    actions = np.concatenate([[*history, 1, 1] for history in histories]).astype(np.int32)
    offsets = np.cumsum([0, *(len(history) + 2 for history in histories)])
    catalog = np.arange(1, items + 1)
    return leave_one_out(Sequences(np.arange(len(histories)), catalog, offsets, actions)).train


def test_pairs_are_counted_by_hand():
    train = _train([1, 2, 3], [2, 3], items=4)
    counts = co_occurrences(*train.known(), 4, window=2, decay=1.0).toarray()
    expected = np.zeros((5, 5))
    expected[1, 2] = 1  # next to each other, once
    expected[2, 3] = 2  # in both histories
    expected[1, 3] = 0.5  # two steps apart
    np.testing.assert_allclose(counts, expected)
    np.testing.assert_allclose(co_occurrences(*train.known(), 4, window=1, decay=1.0).toarray()[1, 3], 0)


def test_embeddings_of_two_pairs_by_hand():
    # 1 and 2 are together, and 3 and 4; nothing else is.
    train = _train([1, 2], [3, 4], items=5)
    vectors = co_occurrence_embeddings(train, 5, dim=4, seed=0)
    assert vectors.shape == (6, 4)
    # Each counts 1 of 4 pairs: information log(1 * 4 / (1 * 1)) = log 4 within, none across. The matrix has eigenvalues
    # of log 4 (twice) and -log 4 (twice), all singular values alike; so all four items have the same length.
    lengths = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(lengths[1:5], np.sqrt(5 / 4), rtol=1e-4)
    np.testing.assert_allclose(vectors[[0, 5]], 0, atol=1e-6)
    assert math.isclose(np.mean(np.sum(vectors[1:] ** 2, axis=1)), 1, rel_tol=1e-4)


def test_items_of_one_intent_come_near_each_other():
    world = simulate(users=1_000, items=100, seed=3)
    train = leave_one_out(world.sequences).train
    vectors = co_occurrence_embeddings(train, 100, dim=8, seed=0)[1:]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    intent = world.item_intents[1:]
    same = intent[:, None] == intent[None, :]
    cosine = vectors @ vectors.T
    assert cosine[same].mean() > cosine[~same].mean() + 0.3


@pytest.mark.parametrize("dim", [3, 64])
def test_the_same_seed_gives_the_same_bits_whatever_the_width(dim):
    train = leave_one_out(simulate(users=200, items=20, seed=1).sequences).train
    first, second = (co_occurrence_embeddings(train, 20, dim, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (21, dim) and np.isfinite(first).all()


def test_of_many_actions_some_users_are_enough_and_of_many_items_fewer_iterations(monkeypatch):
    world = simulate(users=1_000, items=100, seed=3)
    train = leave_one_out(world.sequences).train
    whole = co_occurrence_embeddings(train, 100, dim=8, seed=0)
    monkeypatch.setattr(co_occurrence, "_MOST_ACTIONS", 5_000)
    some = co_occurrence_embeddings(train, 100, dim=8, seed=0)
    monkeypatch.setattr(co_occurrence, "_MOST_ACTIONS", 10**9)
    np.testing.assert_array_equal(some, co_occurrence_embeddings(some_users(train, 5_000), 100, dim=8, seed=0))
    monkeypatch.setattr(co_occurrence, "_MANY_ITEMS", 99)
    fewer = co_occurrence_embeddings(train, 100, dim=8, seed=0)
    # As good a product of two embeddings as with twice as many.
    products, by_fewer = whole @ whole.T, fewer @ fewer.T
    assert np.linalg.norm(products - by_fewer) < 0.1 * np.linalg.norm(products)
    assert np.linalg.norm(products - some @ some.T) > 0.1 * np.linalg.norm(products)
