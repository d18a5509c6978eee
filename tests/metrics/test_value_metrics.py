"""Metrics of quantities: by hand, against all pairs, and under draws of users."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfelc.core.errors import DataError
from tfelc.metrics.auc import auc
from tfelc.metrics.normalized_gini import normalized_gini
from tfelc.metrics.registries import metrics_of
from tfelc.metrics.spearman import spearman
from tfelc.metrics.squared_error import normalized_error
from tfelc.metrics.summary import task_metrics
from tfelc.metrics.xauc import xauc

LABELS, PREDICTIONS = [0, 2, 4, 10], [1, 2, 7, 6]
SMALL = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=12)


def test_each_by_hand():
    found = task_metrics(LABELS, PREDICTIONS, judged="values")
    # Errors 1, 0, 3, -4; the mean of the labels is 4, their variance (16 + 4 + 0 + 36) / 4.
    assert found["mae"] == 2 and found["rmse"] == pytest.approx(math.sqrt(26 / 4))
    assert found["nrmse"] == pytest.approx(math.sqrt(26 / 56)) and found["sum_error"] == 0
    # One of six pairs is the wrong way round; ranks 1 2 3 4 beside 1 2 4 3.
    assert found["xauc"] == pytest.approx(5 / 6) and found["spearman"] == pytest.approx(0.8)
    # Weights 1.5, 0.5, -0.5, -1.5 from the top: 4 10 2 0, and at best 10 4 2 0.
    assert found["gini"] == pytest.approx((1.5 * 4 + 0.5 * 10 - 1) / (15 + 2 - 1))
    assert list(found) == [metric.name for metric in metrics_of("values")]


def test_a_constant_is_chance():
    found = task_metrics(LABELS, [4, 4, 4, 4], judged="values")
    assert (found["xauc"], found["nrmse"], found["gini"]) == (0.5, 1, 0) and math.isnan(found["spearman"])


def test_what_is_not_defined_is_nan():
    same = task_metrics([3, 3], [1, 2], judged="values")
    assert all(math.isnan(same[name]) for name in ("nrmse", "xauc", "gini", "spearman")) and same["mae"] == 1.5
    assert math.isnan(task_metrics([0, 0], [1, 2], judged="values")["sum_error"])
    assert math.isnan(normalized_gini([-1, 2], [1, 2]))
    assert all(map(math.isnan, task_metrics([], [], judged="values").values()))


@pytest.mark.parametrize(("labels", "predictions"), [([1, math.nan], [1, 2]), ([1, 2], [1, math.inf])])
def test_what_is_not_finite_is_refused(labels, predictions):
    with pytest.raises(DataError, match="finite"):
        task_metrics(labels, predictions, judged="values")


@settings(max_examples=60, deadline=None)
@given(SMALL)
def test_xauc_is_that_of_all_pairs(rows):
    won, pairs = 0.0, 0
    for (one, p), (other, q) in itertools.combinations(rows, 2):
        if one != other:
            pairs += 1
            won += 0.5 if p == q else float((one > other) == (p > q))
    found = xauc(*zip(*rows, strict=True))
    assert found == pytest.approx(won / pairs) if pairs else math.isnan(found)


@given(SMALL)
def test_xauc_of_outcomes_is_auc(rows):
    labels, scores = [int(label > 2) for label, _ in rows], [score for _, score in rows]
    np.testing.assert_allclose(xauc(labels, scores), auc(labels, scores))


def test_ranks_and_shares_have_no_unit():
    random = np.random.default_rng(0)
    labels, predictions = random.gamma(2, size=500), random.gamma(2, size=500)
    for metric in (xauc, spearman, normalized_error):
        assert metric(1000 * labels, 1000 * predictions) == pytest.approx(metric(labels, predictions))
    assert xauc(labels, np.log(predictions)) == xauc(labels, predictions)
    assert normalized_gini(labels, labels) == pytest.approx(1)


@pytest.mark.parametrize("metric", [one for one in metrics_of("values") if one.statistic], ids=lambda one: one.name)
def test_draws_of_users_are_rows_repeated(metric):
    random = np.random.default_rng(1)
    labels, predictions = random.gamma(2, size=40), random.gamma(2, size=40)
    users = np.arange(40) % 7
    draws = random.integers(0, 3, (5, 7)).astype(float)
    found = metric.statistic(labels, predictions, users, 7)(draws)
    for value, drawn in zip(found, draws.astype(int), strict=True):
        rows = np.repeat(np.arange(40), drawn[users])
        assert value == pytest.approx(metric.value(labels[rows], predictions[rows]))
    nothing = metric.statistic(labels, predictions, users, 7)(np.zeros((1, 7)))
    assert np.isnan(nothing).all()
