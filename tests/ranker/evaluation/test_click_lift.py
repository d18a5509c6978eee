import math

import numpy as np
import pytest

from tfelc.core.errors import DataError
from tfelc.ranker.evaluation.click_lift import paired_click_lift


def test_each_user_shows_the_better_half():
    # User 1 shows two of four, user 2 one of three, user 3 none of one.
    users = np.array([1, 1, 1, 1, 2, 2, 2, 3])
    labels = [1, 1, 0, 0, 0, 1, 0, 1]
    first = [0.9, 0.1, 0.8, 0.2, 0.3, 0.9, 0.5, 0.9]  # shows 1 + 1 positives
    second = [0.9, 0.8, 0.1, 0.2, 0.3, 0.9, 0.5, 0.9]  # 2 + 1
    assert paired_click_lift(labels, first, second, users).difference == pytest.approx(0.5)
    assert paired_click_lift(labels, second, first, users).difference == pytest.approx(2 / 3 - 1)


def test_a_tie_shows_each_in_part():
    users = np.array([7, 7, 7, 7])
    labels = [1, 0, 1, 0]
    certain = [0.9, 0.1, 0.8, 0.2]  # 2 positives
    tied = [0.5, 0.9, 0.5, 0.5]  # the negative, and a third of three tied of which two are positive
    assert paired_click_lift(labels, certain, tied, users).difference == pytest.approx((2 / 3) / 2 - 1)


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    users, labels = rng.integers(0, 20, 200), rng.integers(0, 2, 200)
    first, second = rng.integers(0, 4, (2, 200)).astype(float)
    order = rng.permutation(200)
    straight = paired_click_lift(labels, first, second, users, 50)
    mixed = paired_click_lift(labels[order], first[order], second[order], users[order], 50)
    assert mixed.difference == pytest.approx(straight.difference)


def test_the_truth_beats_chance_and_nothing_beats_itself():
    rng = np.random.default_rng(1)
    users, labels = np.repeat(np.arange(100), 10), rng.integers(0, 2, 1000)
    noise = rng.random(1000)
    better = paired_click_lift(labels, noise, labels, users, 200)
    assert 0 < better.low < better.difference < better.high and better.p_value < 0.05
    same = paired_click_lift(labels, noise, noise, users, 200)
    assert (same.low, same.difference, same.high, same.p_value) == (0, 0, 0, 1)


def test_several_seeds_compare_by_their_mean_rate():
    users = np.array([1, 1, 1, 1, 2, 2])
    labels = [1, 1, 0, 0, 1, 0]
    both, one, none = [0.9, 0.8, 0.1, 0.2, 0.9, 0.1], [0.9, 0.1, 0.8, 0.2, 0.9, 0.1], [0.1, 0.2, 0.9, 0.8, 0.1, 0.9]
    # 3, 2 and 0 positives are shown.
    found = paired_click_lift(labels, [one, none], [both, both, none], users, 50)
    assert found.difference == pytest.approx(2 / 1 - 1)
    repeated = paired_click_lift(labels, [one, one], both, users, 50)
    assert repeated == paired_click_lift(labels, one, both, users, 50)


def test_no_positive_to_compare_with_is_not_defined():
    users = np.array([1, 1])
    assert math.isnan(paired_click_lift([0, 1], [0.9, 0.1], [0.1, 0.9], users).difference)
    assert math.isnan(paired_click_lift([0, 0], [0.9, 0.1], [0.1, 0.9], users).p_value)


def test_bad_input_is_named():
    with pytest.raises(DataError, match="labels 0 or 1"):
        paired_click_lift([2, 0], [0.1, 0.2], [0.1, 0.2], np.array([1, 1]))
    with pytest.raises(DataError, match="one user a label"):
        paired_click_lift([1, 0], [0.1, 0.2], [0.1, 0.2], np.array([1]))
    with pytest.raises(DataError, match=r"\(rows,\) or \(seeds, rows\)"):
        paired_click_lift([1, 0], [0.1, 0.2], [[[0.1, 0.2]]], np.array([1, 1]))
