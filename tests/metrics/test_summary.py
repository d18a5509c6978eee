import math

import numpy as np
import pytest

from tfelc.errors import DataError
from tfelc.metrics.auc import auc
from tfelc.metrics.gauc import gauc
from tfelc.metrics.summary import group_metrics, task_metrics

RNG = np.random.default_rng(0)
LABELS = {"ctr": RNG.integers(0, 2, 200), "cvr": RNG.integers(0, 2, 200)}
PROBABILITIES = {"ctr": RNG.random(200), "cvr": RNG.random(200)}
USERS = RNG.integers(0, 20, 200)


def test_names_and_order_of_the_metrics() -> None:
    found = task_metrics(LABELS["ctr"], PROBABILITIES["ctr"], USERS)
    assert list(found) == ["auc", "gauc", "logloss", "ne", "calibration", "ece"]
    assert found["auc"] == auc(LABELS["ctr"], PROBABILITIES["ctr"])
    assert found["gauc"] == gauc(LABELS["ctr"], PROBABILITIES["ctr"], USERS).value
    assert all(type(value) is float and math.isfinite(value) for value in found.values())
    assert math.isnan(task_metrics(LABELS["ctr"], PROBABILITIES["ctr"])["gauc"])


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
