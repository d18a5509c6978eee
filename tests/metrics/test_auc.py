import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from tfelc.core.errors import DataError
from tfelc.metrics.auc import auc


def test_by_hand() -> None:
    # Pairs (positive, negative): .8 over .1 and .3 wins twice, .3 over .1 wins, .3 and .3 tie: 3.5 of 4.
    assert auc([0, 1, 0, 1], [0.1, 0.8, 0.3, 0.3]) == 3.5 / 4
    assert auc([1, 1, 0, 0], [1, 1, 1, 1]) == 0.5
    assert auc([1, 0], [-5.0, 7.0]) == 0.0


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 3)), min_size=2, max_size=60))
def test_agrees_with_scikit_learn_on_ties(rows: list[tuple[int, int]]) -> None:
    labels, scores = map(np.array, zip(*rows, strict=True))
    if labels.min() == labels.max():
        assert math.isnan(auc(labels, scores))
    else:
        assert auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


def test_agrees_with_scikit_learn_on_many_rows_of_float32() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(200_000).astype("float32").round(4)
    labels = (rng.random(200_000) < scores**3).astype("int8")
    assert auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-9)


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 1], [0.5, float("nan")], "Row 1 holds nan"),
        ([0, 1], [float("inf"), 0.5], "Row 0 holds inf"),
        ([0, 2], [0.5, 0.5], "labels 0 or 1. Row 1 holds 2"),
        ([0, float("nan")], [0.5, 0.5], "labels 0 or 1. Row 1 holds nan"),
        ([0, 1], [0.5], r"\(2,\). Received: shape=\(1,\)"),
        ([], [], "at least one"),
    ],
)
def test_refuses_what_is_no_label_or_score(labels: list[float], scores: list[float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        auc(labels, scores)
