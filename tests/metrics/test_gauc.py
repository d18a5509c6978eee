import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from tfelc.core.errors import DataError
from tfelc.metrics.gauc import gauc


def test_by_hand() -> None:
    # a: 3 impressions, AUC 1/2 (one pair won, one lost). b: 2 impressions, AUC 1. c: one class, left out.
    labels = [0, 1, 0, 1, 0, 1, 1, 1]
    scores = [0.1, 0.2, 0.3, 0.9, 0.8, 0.5, 0.6, 0.7]
    users = np.array(["a", "a", "a", "b", "b", "c", "c", "c"])
    assert gauc(labels, scores, users) == ((3 * 0.5 + 2 * 1.0) / 5, 5 / 8)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4), st.integers(0, 5)), min_size=1, max_size=60))
def test_agrees_with_a_loop_over_users(rows: list[tuple[int, int, int]]) -> None:
    labels, scores, users = map(np.array, zip(*rows, strict=True))
    total, weight = 0.0, 0
    for user in np.unique(users):
        its = users == user
        if 0 < labels[its].sum() < its.sum():
            total += its.sum() * roc_auc_score(labels[its], scores[its])
            weight += its.sum()
    found = gauc(labels, scores, users)
    assert found.kept == pytest.approx(weight / len(labels))
    assert math.isnan(found.value) if weight == 0 else found.value == pytest.approx(total / weight, abs=1e-12)


def test_a_bias_of_each_user_does_not_count() -> None:
    rng = np.random.default_rng(0)
    users = rng.integers(0, 50, 2000)
    labels, scores = rng.integers(0, 2, 2000), rng.random(2000)
    shifted = gauc(labels, scores + 10.0 * users, users)
    assert shifted.value == pytest.approx(gauc(labels, scores, users).value, abs=1e-12)


def test_refuses_a_row_without_a_user() -> None:
    with pytest.raises(DataError, match="Row 1 has none"):
        gauc([0, 1], [0.1, 0.2], np.array(["a", None], dtype=object))
    with pytest.raises(DataError, match="one user a label"):
        gauc([0, 1], [0.1, 0.2], np.array(["a"]))
