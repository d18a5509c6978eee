"""Metrics of what is recommended, worked out by hand."""

import math

import numpy as np
import pytest
from scipy import sparse

from tfelc.metrics.list_metric import Recommended
from tfelc.metrics.registries import LIST_METRICS
from tfelc.metrics.summary import list_metrics

# Of four items and four training users: 1 was taken by users 0, 1, 2 (one of them twice), 2 by 0, 3 by 3, 4 by nobody.
TAKERS = sparse.csr_matrix([[1, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]])
COUNTS = np.array([4, 1, 1, 0])


def recommended(items, taken=(1, 3)):
    return Recommended(np.array(items, np.int32), COUNTS, np.array(taken, np.int32), TAKERS)


def test_values_by_hand():
    found = list_metrics(recommended([[1, 2], [1, 4]]))
    assert list(found) == LIST_METRICS.names()
    # Items 1, 2 and 4 of four.
    assert found["coverage@20"] == 0.75
    # One is added to each count: shares of .5, .2, .5, .1.
    assert found["novelty@20"] == pytest.approx((1 + math.log2(5) + 1 + math.log2(10)) / 4)
    # Counts 4, 1, 4, 0 are recommended, mean 2.25; 4 and 1 are taken, mean 2.5.
    assert found["popularity_bias@20"] == pytest.approx(2.25 / 2.5)
    # 1 and 2 share one user, of three and of one: cosine 1 / sqrt(3). Item 4 is like no other.
    assert found["intra_list_diversity@20"] == pytest.approx((1 - 1 / math.sqrt(3) + 1) / 2)


def test_short_lists_and_none():
    found = list_metrics(recommended([[3, 0], [1, 2]]))
    # A list of one item has no pair.
    assert found["intra_list_diversity@20"] == pytest.approx(1 - 1 / math.sqrt(3))
    assert found["novelty@20"] == pytest.approx((math.log2(5) + 1 + math.log2(5)) / 3)
    nothing = list_metrics(recommended([[0, 0], [0, 0]]))
    assert nothing["coverage@20"] == 0 and math.isnan(nothing["novelty@20"])
    assert math.isnan(nothing["popularity_bias@20"]) and math.isnan(nothing["intra_list_diversity@20"])
    assert math.isnan(list_metrics(recommended([[1, 2]], [4]))["popularity_bias@20"])


def test_no_more_items_than_the_metric_says_are_looked_at():
    long = np.tile(np.array([[1, 2, 3]], np.int32), (1, 7))[:, :21]
    long[0, 20] = 4
    assert list_metrics(recommended(long, [1]))["coverage@20"] == 0.75


def test_diversity_is_the_mean_over_pairs():
    random = np.random.default_rng(0)
    takers = (random.random((9, 12)) < 0.3).astype(float)
    items = np.array([random.permutation(9)[:5] + 1 for _ in range(4)], np.int32)
    unit = takers / np.maximum(np.linalg.norm(takers, axis=1, keepdims=True), 1e-9)
    cosines = unit @ unit.T
    wanted = [1 - np.mean([cosines[a - 1, b - 1] for a in row for b in row if a != b]) for row in items]
    made = Recommended(items, np.ones(9, np.int64), np.ones(4, np.int32), sparse.csr_matrix(takers))
    assert LIST_METRICS.get("intra_list_diversity@20").value(made) == pytest.approx(np.mean(wanted))


def test_diversity_is_the_same_however_many_lists_are_held_at_a_time(monkeypatch):
    from tfelc.metrics import intra_list_diversity as module

    random = np.random.default_rng(1)
    takers = sparse.csr_matrix((random.random((30, 50)) < 0.2).astype(float))
    items = np.array([random.permutation(30)[:6] + 1 for _ in range(9)], np.int32)
    items[3, 2:] = 0
    made = Recommended(items, np.ones(30, np.int64), np.ones(9, np.int32), takers)
    together = LIST_METRICS.get("intra_list_diversity@20").value(made)
    monkeypatch.setattr(module, "_USERS", 2)
    assert LIST_METRICS.get("intra_list_diversity@20").value(made) == pytest.approx(together, rel=1e-12)
