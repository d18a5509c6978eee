import math

import numpy as np
import pytest

from tfelc.core.errors import DataError
from tfelc.ranker.evaluation.group_lift import group_lifts
from tfelc.ranker.evaluation.predictions import Outcome, Predictions


def predictions(scores, labels, users, groups, rows=None):
    rows = np.ones(len(labels), bool) if rows is None else rows
    outcomes = {"ctr": Outcome(rows, np.asarray(labels, np.float32), np.asarray(scores, np.float32))}
    return Predictions(outcomes, users, {"level": np.array(groups, dtype=object)}, {}, None)


LABELS = [1, 0, 1, 0, 1, 0, 1, 0]
USERS = np.array([1, 1, 1, 1, 2, 2, 2, 2])
GROUPS = ["N", "N", "N", "N", "HA", "HA", "HA", None]
WRONG, RIGHT = [0.1, 0.9] * 4, [0.9, 0.1] * 4


def test_all_and_each_group():
    first, second = (predictions(scores, LABELS, USERS, GROUPS) for scores in (WRONG, RIGHT))
    seen = []
    lifts = group_lifts(first, second, 50, lambda done, total: seen.append((done, total)))
    assert [(lift.group, lift.rows) for lift in lifts] == [("all", 8), ("HA", 3), ("N", 4)]
    assert all((lift.before, lift.after, lift.auc.difference, lift.gauc.difference) == (0, 1, 1, 1) for lift in lifts)
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_several_seeds_compare_by_their_mean():
    wrong, right = (predictions(scores, LABELS, USERS, GROUPS) for scores in (WRONG, RIGHT))
    for lift in group_lifts([wrong, right], [right], 20):
        assert (lift.before, lift.after) == (0.5, 1)
        assert (lift.auc.difference, lift.gauc.difference) == (0.5, 0.5)
    # Of four impressions two are shown: none or both of the positives with one seed, one on average with two.
    assert group_lifts([wrong, right], right, 20)[0].clicks.difference == 1
    with pytest.raises(DataError, match="`ctr` of the two rankers is not judged on the same rows"):
        group_lifts(right, [right, predictions(RIGHT, LABELS[::-1], USERS, GROUPS)])


def test_rows_of_unknown_users_are_left_out():
    users = np.array([1, 1, 1, 1, None, None, None, None], dtype=object)
    lifts = group_lifts(*(predictions(scores, LABELS, users, GROUPS) for scores in (WRONG, RIGHT)), 20)
    assert [(lift.group, lift.rows) for lift in lifts] == [("all", 4), ("N", 4)]


def test_without_users_rows_are_compared():
    lifts = group_lifts(*(predictions(scores, LABELS, None, GROUPS) for scores in (WRONG, RIGHT)), 200)
    by_user = group_lifts(*(predictions(scores, LABELS, np.arange(8), GROUPS) for scores in (WRONG, RIGHT)), 200)
    assert [lift.auc for lift in lifts] == [lift.auc for lift in by_user] and lifts[0].auc.difference > 0
    assert all(math.isnan(lift.gauc.difference) and math.isnan(lift.clicks.difference) for lift in lifts)


def test_what_cannot_be_compared_is_named():
    first = predictions(WRONG, LABELS, USERS, GROUPS)
    with pytest.raises(DataError, match="`ctr` of the two rankers is not judged on the same rows"):
        group_lifts(first, predictions(RIGHT, LABELS, USERS, GROUPS, np.arange(8) < 4))
