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
from tfelc.next_item.data.item_attributes import ItemAttributes
from tfelc.next_item.export.conditional_ranking import ConditionalRanking
from tfelc.next_item.export.conditions import Conditions
from tfelc.next_item.export.picks import greedy_picks
from tfelc.next_item.export.trained_picks import trained_picks
from tfelc.next_item.scoring.exported_recommender import ExportedRecommender

ITEMS = 6
VECTORS = np.array([[6.0], [5.0], [5.0], [3.0], [2.0], [1.0]], np.float32)
POPULARITY = np.array([1, 1, 4, 0, 9, 2], np.float32)


class Line:
    """An index of items on a line: 6, 5, 5, 3, 2, 1, of which all but the second point the same way."""

    directions = np.array([1, -1, 1, 1, 1, 1], np.float32)

    def scores(self, outputs):
        return tf.matmul(outputs["embedding"], VECTORS, transpose_b=True)

    def cosines(self, places):
        return tf.gather(self.directions, places)[:, None] * self.directions


COLORS = ItemAttributes(
    {"color": "category", "sold": "flag"},
    {
        "color": np.array(["red", "red", "blue", None, "red", "blue"], object),
        "sold": np.array([True, False, True, True, False, True]),
    },
)


def ask(known, width, by_row=False, **conditions):
    """Scores and numbers of what is left, by lists."""
    rows = len(known)
    none = np.zeros((rows, 0), np.int32)
    asked = {
        **{"allow": none, "deny": none, "where_color": none, "allow_all": np.ones(rows, bool)},
        **{"keep_seen": np.zeros(rows, bool), "only_sold": np.zeros(rows, bool)},
        **{"at_most_color": np.zeros(rows, np.int64), "diversity": np.zeros(rows, np.float32)},
        **conditions,
    }
    made = ConditionalRanking(Line(), POPULARITY, COLORS, by_row)

    @tf.function(autograph=False)
    def top(known, asked):
        return made.top({"embedding": tf.ones([tf.shape(known)[0], 1])}, known, asked, tf.constant(width))

    scores, numbers = (each.numpy() for each in top(np.array(known, np.int32), asked))
    left = np.isfinite(scores)
    return [
        list(zip(*(each[row][left[row]].tolist() for each in (numbers, scores)), strict=True)) for row in range(rows)
    ]


def numbers_of(answer):
    return [[number for number, _ in row] for row in answer]


@pytest.mark.parametrize("by_row", [False, True])
def test_what_is_left_comes_by_score_and_by_number(by_row):
    # After an empty history items score by how popular they are.
    found = ask(
        [[0, 1], [0, 1], [0, 0], [2, 6]],
        3,
        by_row,
        allow=np.array([[0, 0, 0], [3, 2, 1], [1, 2, 0], [0, 0, 0]], np.int32),
        deny=np.array([[4], [0], [1], [5]], np.int32),
        allow_all=np.array([True, False, False, False]),
        keep_seen=np.array([False, True, False, True]),
    )
    assert found == [[(2, 5), (3, 5), (5, 2)], [(1, 6), (2, 5), (3, 5)], [(2, 1)], []]


def test_an_answer_of_no_rows_is_as_wide_as_asked_for():
    made, none = ConditionalRanking(Line(), POPULARITY, None, True), tf.zeros([0, 1], tf.int32)
    of_none = {"allow": none, "deny": none, "allow_all": tf.zeros([0], tf.bool), "keep_seen": tf.zeros([0], tf.bool)}
    found = made.top({"embedding": tf.ones([0, 1])}, none, {**of_none, "diversity": tf.zeros([0])}, tf.constant(3))
    assert [each.shape for each in found] == [(0, 3), (0, 3)]


def test_attributes_leave_the_items_that_have_them():
    # Codes: blue 1, red 2; 0 is of no item, -1 is padding.
    rows = [[0, 1]] * 5
    wanted = np.array([[-1, -1], [1, -1], [1, 2], [0, -1], [0, 2]], np.int32)
    assert numbers_of(ask(rows, 6, where_color=wanted)) == [[2, 3, 4, 5, 6], [3, 6], [2, 3, 5, 6], [], [2, 5]]
    only = np.array([False, True, True, True, True])
    assert numbers_of(ask(rows, 6, where_color=wanted, only_sold=only)) == [[2, 3, 4, 5, 6], [3, 6], [3, 6], [], []]


@pytest.mark.parametrize("by_row", [False, True])
def test_a_cap_passes_over_what_has_been_often_enough(by_row):
    # By score 1 red, 2 red, 3 blue, 4 of no color, 5 red, 6 blue.
    found = ask([[0]] * 3, 6, by_row, keep_seen=np.ones(3, bool), at_most_color=np.array([0, 1, 2]))
    assert [row[0] for row in numbers_of(found)] == [5] * 3  # the most popular one, red
    found = ask([[0, 5]] * 3, 6, by_row, keep_seen=np.ones(3, bool), at_most_color=np.array([0, 1, 2]))
    assert numbers_of(found) == [[1, 2, 3, 4, 5, 6], [1, 3, 4], [1, 2, 3, 4, 6]]


def test_diversity_prefers_what_points_another_way():
    # r of scores 6, 5, 5, 3, 2, 1 is 1, .8, .8, .4, .2, 0. First 1; then by .5 r - .5 s, where s is -1 for item 2 and 1
    # for all others: 2; from there on all others are as near to 1 as before, and come by score.
    half, all_of_it = (np.full(1, share, np.float32) for share in (0.5, 1.0))
    assert numbers_of(ask([[0, 6]], 5, diversity=half)) == [[1, 2, 3, 4, 5]]
    out = np.array([[1]], np.int32)
    # Without 1 the best is 2, which leaves the others alike; then 3, and by score.
    assert numbers_of(ask([[0, 6]], 5, diversity=all_of_it, deny=out)) == [[2, 3, 4, 5]]
    # Without it, 3 comes before 2 where the first is denied only if likeness counts.
    capped = ask([[0, 6]], 5, diversity=all_of_it, at_most_color=np.ones(1, np.int64))
    assert capped == [[(1, 6.0), (3, 5.0), (4, 3.0)]]


@settings(max_examples=15)
@given(data=st.data())
def test_picks_of_the_graph_are_those_of_numpy(data):
    seed, width = data.draw(st.integers(0, 10**6)), data.draw(st.integers(1, 12))
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(12, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = random.normal(size=(4, 12)).astype(np.float32)
    scores[random.random((4, 12)) < data.draw(st.sampled_from([0.0, 0.3, 1.0]))] = -np.inf
    share, most = data.draw(st.sampled_from([0.0, 0.4, 1.0])), data.draw(st.integers(1, 4))
    codes = random.integers(0, 4, 12).astype(np.int32)
    caps = [(tf.constant(codes), tf.fill([4], tf.constant(most, tf.int64)))]
    cosines = lambda places: tf.gather(vectors, places) @ vectors.T  # noqa: E731
    found, numbers = greedy_picks(tf.constant(scores), tf.constant(width), tf.fill([4], share), cosines, caps)
    picked, leads = trained_picks(scores, width, share, vectors, [(codes, most)])
    sure = leads > 1e-5
    np.testing.assert_array_equal(np.where(np.isfinite(found), numbers - 1, -1)[sure], picked[sure])
    for row in picked:
        assert len(set(row[row >= 0])) == (row >= 0).sum()
        assert np.bincount(codes[row[row >= 0]], minlength=4)[1:].max() <= most


def test_picks_where_a_whole_pool_scores_alike_are_of_the_pool():
    random = np.random.default_rng(0)
    vectors = random.normal(size=(150, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    # As popularity scores who has no history: the best 120 alike, and then others, of which one is most unlike.
    scores = np.where(np.arange(150) < 120, 2, 1).astype(np.float32)[None]
    vectors[149] = -vectors[0]
    found, _ = trained_picks(scores, 5, 0.3, vectors, [])
    arguments = (tf.constant(scores), tf.constant(5), tf.constant([0.3]))
    _, numbers = greedy_picks(*arguments, lambda places: tf.gather(vectors, places) @ vectors.T, [])
    assert found[0].max() < 120
    np.testing.assert_array_equal(numbers, found + 1)


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
        ({"where": {"colr": "red"}}, "the model's items have no attribute `colr`; those to ask for: color, sold"),
        ({"where": {"sold": "yes"}}, "`where`: `sold` is a flag, not a category"),
        ({"where": {"color": []}}, "`where`: `color` has no value; leave it out"),
        ({"where": {"color": 1.5}}, "`where`: `color` takes texts, or True of a flag"),
        ({"where": [{}]}, "`where` holds 1 mappings for 2 histories"),
        ({"at_most": {"color": 0}}, "`at_most`: `color` takes a whole number from 1"),
        ({"at_most": {"sold": 1}}, "`at_most`: `sold` is a flag, not a category"),
        ({"diversity": 1.5}, "`diversity` is a share from 0 to 1"),
    ):
        with pytest.raises(UsageError, match=said):
            Conditions.of(2, **wrong, kinds=COLORS.kinds)


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
