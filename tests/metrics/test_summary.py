import math

import numpy as np
import pytest

from tfelc.core.errors import DataError
from tfelc.metrics.auc import auc
from tfelc.metrics.gauc import gauc
from tfelc.metrics.summary import group_metrics, task_metrics

RNG = np.random.default_rng(0)
LABELS = {"ctr": RNG.integers(0, 2, 200), "cvr": RNG.integers(0, 2, 200)}
PROBABILITIES = {"ctr": RNG.random(200), "cvr": RNG.random(200)}
USERS = RNG.integers(0, 20, 200)


def test_names_and_order_of_the_metrics() -> None:
    found = task_metrics(LABELS["ctr"], PROBABILITIES["ctr"], USERS)
    assert list(found) == ["auc", "gauc", "gauc_coverage", "logloss", "ne", "calibration", "ece"]
    assert found["auc"] == auc(LABELS["ctr"], PROBABILITIES["ctr"])
    assert found["gauc"] == gauc(LABELS["ctr"], PROBABILITIES["ctr"], USERS).value
    assert all(type(value) is float and math.isfinite(value) for value in found.values())
    without_users = task_metrics(LABELS["ctr"], PROBABILITIES["ctr"])
    assert [name for name, value in without_users.items() if math.isnan(value)] == ["gauc", "gauc_coverage"]
    without_rows = task_metrics([], [], USERS[:0])
    assert list(without_rows) == list(found) and all(math.isnan(value) for value in without_rows.values())


def test_the_coverage_of_gauc_leaves_out_users_with_one_class() -> None:
    # User 0 has both classes in 2 of the 5 rows, user 1 only clicks, user 2 none.
    found = task_metrics([0, 1, 1, 1, 0], [0.2, 0.8, 0.1, 0.4, 0.3], np.array([0, 0, 1, 1, 2]))
    assert (found["gauc"], found["gauc_coverage"]) == (1.0, 0.4)


def test_rows_of_nobody_known_are_left_out_of_gauc_alone() -> None:
    # The first two rows would be a user with both classes, ranked the wrong way round.
    users = np.array([None, None, "a", "a", "b"], dtype=object)
    found = task_metrics([1, 0, 0, 1, 1], [0.1, 0.9, 0.2, 0.8, 0.5], users)
    assert (found["gauc"], found["gauc_coverage"]) == (1.0, pytest.approx(0.4))
    assert found["auc"] == auc([1, 0, 0, 1, 1], [0.1, 0.9, 0.2, 0.8, 0.5])
    nobody = task_metrics([1, 0], [0.1, 0.9], np.array([np.nan, np.nan]))
    assert math.isnan(nobody["gauc"]) and nobody["gauc_coverage"] == 0.0


def test_groups_cut_across_each_other() -> None:
    activity = np.array(["N", "HA", None, "N"] * 50, dtype=object)
    new = np.array(["PN", None] * 100, dtype=object)
    found = group_metrics({"activity": activity, "new": new}, LABELS, PROBABILITIES, USERS)
    assert list(found) == ["HA", "N", "PN"]
    assert list(found["N"]) == ["ctr", "cvr"]
    for name, rows in (("HA", activity == "HA"), ("N", activity == "N"), ("PN", new == "PN")):
        for task in LABELS:
            assert found[name][task] == task_metrics(LABELS[task][rows], PROBABILITIES[task][rows], USERS[rows])


def test_a_task_is_measured_on_its_sample_space() -> None:
    group = np.array(["a"] * 100 + ["b"] * 100, dtype=object)
    clicked = (LABELS["ctr"] == 1) & (np.arange(200) < 100)
    found = group_metrics({"group": group}, LABELS, PROBABILITIES, USERS, spaces={"cvr": clicked})
    expected = task_metrics(LABELS["cvr"][clicked], PROBABILITIES["cvr"][clicked], USERS[clicked])
    assert found["a"]["cvr"] == expected
    assert list(found["b"]) == ["ctr"]  # No click in group b, so nothing to measure conversion on.


def test_two_columns_may_not_share_a_group() -> None:
    group = np.array(["a", "b"] * 100, dtype=object)
    with pytest.raises(DataError, match="group `a` stands in columns `first` and `second`"):
        group_metrics({"first": group, "second": group}, LABELS, PROBABILITIES, USERS)
