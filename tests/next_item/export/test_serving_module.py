"""What an export of a next-item run answers through the session path."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support.untrained_recommender import MAX_LENGTH
from tfelc.lifecycle.export.session_runner import SessionRunner
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.next_item.evaluation.catalog_scorer import CatalogScorer
from tfelc.next_item.export.requests import history_input
from tfelc.next_item.export.signatures import EMBED, RECOMMEND
from tfelc.next_item.models.popularity import Popularity
from tfelc.next_item.run import split


@pytest.fixture(scope="module")
def served(exported_recommender):
    with SessionRunner(exported_recommender.path) as runner:
        yield runner


@pytest.fixture(scope="module")
def catalog(recommender_run):
    return recommender_run.catalog


@pytest.fixture(scope="module")
def splits(recommender_run):
    return split(recommender_run.sequences(), recommender_run.settings.split)


def ask(runner, histories, k, signature=RECOMMEND):
    return runner.run(signature, history_input(histories, "string") | {"k": np.asarray(k, np.int64)})


def words(ids):
    return [[each.decode() for each in row] for row in ids]


def test_ids_are_the_numpy_ranking_of_the_sequence_scorer_without_what_was_seen(
    served, recommender_run, catalog, splits
):
    test = splits.test
    scores = CatalogScorer(recommender_run.model()).scores(test)
    scores[:, 0] = -np.inf
    histories = []
    for row in range(len(test)):
        scores[row, test.history(row)] = -np.inf
        histories.append([catalog[number - 1] for number in test.history(row)])
    assert max(map(len, histories)) > 2 * MAX_LENGTH > 2 * min(map(len, histories))
    order = np.argsort(-scores, axis=1, kind="stable")[:, :8]
    found = ask(served, histories, 8)
    assert words(found["ids"]) == [[catalog[number - 1] for number in row] for row in order]
    np.testing.assert_allclose(found["scores"], np.take_along_axis(scores, order, axis=1), rtol=1e-5, atol=1e-5)
    assert len({tuple(row) for row in words(found["ids"])}) > 40  # or equal answers would say nothing
    assert len(np.unique(found["cluster"])) > 1


def test_no_history_is_answered_with_what_is_popular_in_training(served, catalog, splits):
    counts = Popularity(len(catalog)).fit(splits.train).scores(splits.test.take(slice(0, 1)))[0, 1:]
    best = np.argsort(-counts, kind="stable")[:7]
    assert len(np.unique(counts[best])) < 7  # there is a tie to be broken
    for histories in ([[]], [["never seen"], []], [["", "nor this"], [""]]):
        found = ask(served, histories, 7)
        for row in range(len(histories)):
            assert words(found["ids"])[row] == [catalog[number] for number in best]
            np.testing.assert_array_equal(found["scores"][row], counts[best])
        assert set(found["cluster"]) == {-1}


def test_unknown_items_and_padding_change_nothing_wherever_they_stand(served, catalog):
    known = catalog[3:9]
    expected = ask(served, [known], 5)
    for history in (
        [*known, "", ""],
        ["", "", *known],
        ["who", *known[:2], "knows", "", *known[2:], "them"],
        [*["never seen"] * 50, *known],
        [*known, *["never seen"] * 50],
    ):
        found = ask(served, [history], 5)
        assert words(found["ids"]) == words(expected["ids"])
        np.testing.assert_allclose(found["scores"], expected["scores"], atol=1e-6)


def test_the_latest_items_are_read_and_all_are_left_out(served, catalog):
    old, recent = catalog[:12], catalog[12 : 12 + MAX_LENGTH]
    long, short = ask(served, [[*old, *recent]], 30), ask(served, [recent], 30)
    left = [item for item in words(short["ids"])[0] if item not in old]
    assert words(long["ids"])[0] == left + [""] * (30 - 2 - len(left))
    swapped = ask(served, [[*recent, *old]], 30)
    assert words(swapped["ids"]) != words(long["ids"])


def test_more_than_is_left_is_padded_and_more_than_the_catalog_is_cut(served, catalog):
    items = len(catalog)
    found = ask(served, [catalog, catalog[:-2], [catalog[0]]], 10**12)
    assert found["ids"].shape == found["scores"].shape == (3, items)
    assert words(found["ids"])[0] == [""] * items
    assert set(words(found["ids"])[1][:2]) == set(catalog[-2:]) and set(words(found["ids"])[1][2:]) == {""}
    assert sorted(words(found["ids"])[2][:-1]) == sorted(catalog[1:])
    for row, left in enumerate((0, 2, items - 1)):
        assert np.isfinite(found["scores"][row, :left]).all() and np.isneginf(found["scores"][row, left:]).all()
        assert (np.diff(found["scores"][row, :left]) <= 0).all()


def test_k_may_be_one_number_or_one_for_each_row(served, catalog):
    histories = [catalog[:4], catalog[2:7], []]
    whole = ask(served, histories, 9)
    for k in (4, [4], [4, 9, 2]):
        found = ask(served, histories, k)
        of_row = np.broadcast_to(k, 3)
        assert found["ids"].shape == (3, max(of_row))
        for row, wanted in enumerate(of_row.tolist()):
            assert words(found["ids"])[row][:wanted] == words(whole["ids"])[row][:wanted]
            assert words(found["ids"])[row][wanted:] == [""] * (max(of_row) - wanted)
            assert np.isneginf(found["scores"][row, wanted:]).all()


def test_the_default_signature_is_recommend(served, catalog):
    found, default = (ask(served, [catalog[:3]], 4, name) for name in (RECOMMEND, SERVING_DEFAULT))
    for name, array in found.items():
        np.testing.assert_array_equal(array, default[name])


def test_no_rows_are_answered_with_none(served):
    found = served.run(RECOMMEND, {"history": np.empty((0, 4), object), "k": np.array(3)})
    assert found["ids"].shape == (0, 3) and found["cluster"].shape == (0,)


def test_embed_gives_the_models_own_vectors_and_clusters(served, recommender_run, catalog):
    model = recommender_run.model()
    histories = [catalog[:3], [], ["unknown", catalog[5]]]
    found = served.run(EMBED, history_input(histories, "string"))
    expected = model(np.array([[1, 2, 3], [0, 0, 1], [0, 0, 6]], np.int32))
    for name in ("embedding", "assignment"):
        wanted = np.where(np.array([[1], [0], [1]]), expected[name], 0)
        np.testing.assert_allclose(found[name], wanted, atol=1e-6)
    assert found["cluster"].tolist() == [int(expected["cluster"][0]), -1, int(expected["cluster"][2])]
    assert found["cluster"].dtype == np.int64


@pytest.mark.parametrize(
    ("k", "words"),
    [
        (0, "`k` must be at least 1. Received:.*0"),
        (-5, "`k` must be at least 1"),
        ([3, 0], "`k` must be at least 1"),
        ([1, 2, 3], "`k` must be one number, or one for each history"),
        ([], "`k` must be one number, or one for each history"),
        ([[1], [2]], "`k` must be one number, or one for each history"),
    ],
)
def test_a_k_that_cannot_be_is_refused(served, catalog, k, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        ask(served, [catalog[:2], []], k)


def test_ids_of_another_type_and_histories_of_another_shape_are_refused(served):
    for history in (np.array([[1, 2]]), np.array(["a"], object)):
        with pytest.raises(tf.errors.InvalidArgumentError):
            served.run(RECOMMEND, {"history": history, "k": np.array(3)})
