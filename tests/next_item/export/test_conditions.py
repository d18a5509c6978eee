"""Which items may be recommended: as a person writes it, and as the graph of an export keeps to it."""

import warnings

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import tfelc
from tests.support.untrained_recommender import export_unverified, write_untrained_recommender
from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import DataError, ExportError, UsageError
from tfelc.next_item.export.conditional_ranking import ConditionalRanking
from tfelc.next_item.export.conditions import Conditions
from tfelc.next_item.scoring.exported_recommender import ExportedRecommender

ITEMS = 6
VECTORS = np.array([[6.0], [5.0], [5.0], [3.0], [2.0], [1.0]], np.float32)
POPULARITY = np.array([1, 1, 4, 0, 9, 2], np.float32)


def ranking(by_row):
    variable = tf.Variable(POPULARITY, trainable=False)
    made = ConditionalRanking(
        ITEMS, lambda outputs: tf.matmul(outputs["embedding"], VECTORS, transpose_b=True), variable, by_row
    )

    @tf.function(autograph=False)
    def top(known, allow, deny, allow_all, keep_seen, width):
        outputs = {"embedding": tf.ones([tf.shape(known)[0], 1])}
        conditions = {"allow": allow, "deny": deny, "allow_all": allow_all, "keep_seen": keep_seen}
        return made.top(outputs, known, conditions, width)

    return top


@pytest.mark.parametrize("by_row", [False, True])
def test_what_is_left_comes_by_score_and_by_number(by_row):
    # Of 6 items, which score 6, 5, 5, 3, 2, 1; those after an empty history by how popular they are.
    known = np.array([[0, 1], [0, 1], [0, 0], [2, 6]], np.int32)
    allow = np.array([[0, 0, 0], [3, 2, 1], [1, 2, 0], [0, 0, 0]], np.int32)
    deny = np.array([[4], [0], [1], [5]], np.int32)
    allow_all, keep_seen = np.array([True, False, False, False]), np.array([False, True, False, True])
    scores, numbers = ranking(by_row)(known, allow, deny, allow_all, keep_seen, 3)
    left = np.isfinite(scores)
    assert left.sum(axis=1).tolist() == [3, 3, 1, 0]
    assert [row[kept].tolist() for row, kept in zip(numbers.numpy(), left, strict=True)] == [
        [2, 3, 5],
        [1, 2, 3],
        [2],
        [],
    ]
    assert [row[kept].tolist() for row, kept in zip(scores.numpy(), left, strict=True)] == [
        [5, 5, 2],
        [6, 5, 5],
        [1],
        [],
    ]
    none = [array[:0] for array in (known, allow, deny, allow_all, keep_seen)]
    assert ranking(by_row)(*none, 3)[0].shape == (0, 3)


@pytest.fixture(scope="module")
def both(exported_recommender, recommender_run):
    """The trained model, which ranks by NumPy, and its export."""
    return tfelc.NextItemModel.of_run(recommender_run), ExportedRecommender(exported_recommender.path)


def items_of(found, row):
    return found["item"][found["row"] == row].tolist()


@settings(max_examples=25)
@given(data=st.data())
def test_no_answer_breaks_a_condition_and_both_ways_of_asking_agree(both, recommender_run, data):
    items = st.sampled_from([*recommender_run.catalog, "who", "and who"])
    lists = st.lists(items, max_size=12)
    history, deny = data.draw(lists), data.draw(lists)
    allow = data.draw(st.none() | lists)
    keep_seen, k = data.draw(st.booleans()), data.draw(st.integers(1, 40))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        answers = [each.recommend([history], k, [allow], [deny], keep_seen) for each in both]
    out = {*deny, *(() if keep_seen else history)}
    left = [item for item in recommender_run.catalog if item not in out and (allow is None or item in allow)]
    for found in answers:
        assert len(found) == min(k, len(left)) and set(found["item"]) <= set(left)
        assert found["rank"].tolist() == list(range(1, len(found) + 1))
    np.testing.assert_allclose(answers[0]["score"], answers[1]["score"], rtol=1e-4, atol=1e-5)


def test_unknown_ids_are_counted_and_an_empty_list_leaves_nothing(both, recommender_run):
    catalog = recommender_run.catalog
    for model in both:
        with pytest.warns(DataWarning, match="`allow` and `deny`: 3 ids of 2 rows are not in the catalog"):
            found = model.recommend([[], []], 3, allow=["who", catalog[4]], deny=[["and who"], None])
        assert items_of(found, 0) == items_of(found, 1) == [catalog[4]]
        with pytest.warns(DataWarning):
            assert len(model.recommend([catalog[:2]], 3, allow=["who"])) == 0
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert len(model.recommend([catalog[:2]], 3, allow=[])) == 0
            assert len(model.recommend([catalog[:2]], 3, allow=[None], deny=[])) == 3


def test_conditions_as_they_are_written():
    assert Conditions.of(2, allow=("a", np.str_("b")), deny=[None, {"c"}]) == Conditions(
        [["a", "b"], ["a", "b"]], [[], ["c"]]
    )
    assert not Conditions.of(3) and Conditions.of(1, keep_seen=True) and Conditions.of(1, deny=[])
    for wrong, said in (
        ({"allow": "abc"}, "`allow` takes a list of item ids, or one for each history"),
        ({"deny": 7}, "`deny` takes a list of item ids"),
        ({"allow": [["a"]]}, "`allow` holds 1 lists for 2 histories"),
        ({"deny": [["a"], "b"]}, "`deny` holds single ids beside lists"),
    ):
        with pytest.raises(UsageError, match=said):
            Conditions.of(2, **wrong)


def test_ids_of_another_type_and_exports_of_before_are_refused(both, monkeypatch):
    _, exported = both
    with pytest.raises(DataError, match="deny: item ids are of type string"):
        exported.recommend([[]], 2, deny=[5])
    signatures = {name: each for name, each in exported.manifest.signatures.items() if name != "recommend_with"}
    monkeypatch.setattr(exported, "manifest", exported.manifest.model_copy(update={"signatures": signatures}))
    with pytest.raises(ExportError, match="knew no allow, deny and keep_seen; export its run anew"):
        exported.recommend([[]], 2, keep_seen=True)
    assert len(exported.recommend([[]], 2)) == 2


def test_a_streaming_export_of_whole_numbers(tmp_path):
    run = write_untrained_recommender(tmp_path, "model.clusters.num_clusters=0", named=lambda number: number * 10)
    exported = export_unverified(run, tmp_path / "base", "streaming")
    model = ExportedRecommender(exported.path)
    found = model.recommend([[10, 20], []], 5, allow=[[10, 30, 40], [50]], deny=[30], keep_seen=True)
    assert sorted(items_of(found, 0)) == [10, 40] and items_of(found, 1) == [50]
