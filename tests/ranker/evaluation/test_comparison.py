import numpy as np
import pytest

from tfelc.core.errors import DataError
from tfelc.metrics.auc import auc
from tfelc.metrics.gauc import known_users_gauc
from tfelc.ranker.evaluation.bootstrap import paired_bootstrap
from tfelc.ranker.evaluation.click_lift import paired_click_lift
from tfelc.ranker.evaluation.comparison import compare
from tfelc.ranker.evaluation.evaluation import evaluate
from tfelc.ranker.evaluation.predictions import Outcome, Predictions

ROWS = 400
RNG = np.random.default_rng(0)
CLICKS = RNG.integers(0, 2, ROWS).astype("float32")
BUYS = (CLICKS * RNG.integers(0, 2, ROWS)).astype("float32")
USERS = RNG.integers(0, 40, ROWS)
SCORES = RNG.random((4, ROWS)).astype("float32")


def predictions(clicks, buys, users=USERS, clusters=None, labels=CLICKS):
    outcomes = {"click": Outcome(np.ones(ROWS, bool), labels, clicks), "buy": Outcome(CLICKS > 0, BUYS, buys)}
    assignment = None if clusters is None else np.eye(4, dtype="float32")[clusters]
    return Predictions(outcomes, users, {}, {}, assignment)


def test_every_metric_with_an_interval_over_each_outputs_rows():
    own, other = predictions(SCORES[0], SCORES[1]), predictions(SCORES[2], SCORES[3])
    heard = []
    found = compare(own, other, 50, lambda done, total: heard.append((done, total)))
    assert found.unit == "users" and heard == [(1, 2), (2, 2)]
    assert found.metrics == evaluate(other, "test").metrics
    for output, rows in (("click", np.ones(ROWS, bool)), ("buy", CLICKS > 0)):
        labels = own.outcomes[output].labels[rows]
        scores = [one.outcomes[output].probabilities[rows] for one in (other, own)]
        assert list(found.differences[output]) == ["auc", "gauc", "logloss", "ne", "calibration"]
        for name, difference in found.differences[output].items():
            assert difference == paired_bootstrap(labels, *scores, USERS[rows], name, 50)
            gained = evaluate(own, "test").metrics[output][name] - found.metrics[output][name]
            assert difference.difference == pytest.approx(gained, abs=1e-9)
        assert found.click_lifts[output] == paired_click_lift(labels, *scores, USERS[rows], 50)


def test_rows_of_unknown_users_count_as_users_of_their_own():
    users = USERS.astype(object)
    users[::3] = None
    own, other = (predictions(scores, SCORES[1], users) for scores in SCORES[[0, 2]])
    found = compare(own, other, 20)
    assert found.unit == "users"
    differences = found.differences["click"]
    assert differences["auc"].difference == pytest.approx(auc(CLICKS, SCORES[0]) - auc(CLICKS, SCORES[2]))
    within = [known_users_gauc(CLICKS, scores, users).value for scores in SCORES[[0, 2]]]
    assert differences["gauc"].difference == pytest.approx(within[0] - within[1])


@pytest.mark.parametrize("users", [None, np.array([None] * ROWS, dtype=object)])
def test_without_users_rows_are_drawn(users):
    found = compare(*(predictions(scores, SCORES[1], users) for scores in SCORES[[0, 2]]), 20)
    assert found.unit == "rows" and found.click_lifts == {}
    assert list(found.differences["click"]) == ["auc", "logloss", "ne", "calibration"]
    alone = paired_bootstrap(CLICKS, SCORES[2], SCORES[0], np.arange(ROWS), "auc", 20)
    assert found.differences["click"]["auc"] == alone


def test_the_clusters_are_compared_where_both_have_them():
    clusters = np.arange(ROWS) % 3
    own, other = (predictions(SCORES[0], SCORES[1], clusters=one) for one in (clusters, (clusters + 1) % 3))
    assert compare(own, other, 5).adjusted_rand_index == pytest.approx(1)
    assert compare(own, predictions(SCORES[0], SCORES[1]), 5).adjusted_rand_index is None


def test_outputs_that_one_lacks_or_that_have_no_row_are_left_out():
    own, other = (predictions(scores, scores) for scores in SCORES[:2])
    del other.outcomes["click"]
    assert list(compare(own, other, 5).differences) == ["buy"]
    nowhere = Outcome(np.zeros(ROWS, bool), BUYS, SCORES[0])
    for one in (own, other):
        one.outcomes["buy"] = nowhere
    found = compare(own, other, 5)
    assert found.differences == {} and found.click_lifts == {} and list(found.metrics) == ["buy"]


def test_other_rows_are_refused():
    own, other = predictions(SCORES[0], SCORES[1]), predictions(SCORES[0], SCORES[1], labels=1 - CLICKS)
    with pytest.raises(DataError, match="`click` of the two rankers is not judged on the same rows"):
        compare(own, other)
