"""The terms by hand, by differences and by what must not matter to them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tfelc.losses.ranking.listwise import ListwiseTerm
from tfelc.losses.ranking.pairwise import PairwiseTerm
from tfelc.losses.ranking.ranking_losses import ranking_losses
from tfelc.losses.ranking.ranking_term import RankingTerm, run_numbers
from tfelc.losses.ranking.settings import RANKING_TERMS, ListwiseRankingSettings, NoRankingSettings
from tfelc.schema.task import Task

PAIRWISE, LISTWISE = PairwiseTerm(1.0), ListwiseTerm(1.0)
TERMS = pytest.mark.parametrize("term", [PAIRWISE, LISTWISE], ids=["pairwise", "listwise"])
CTR = Task(label="click")
CVR = Task(label="order", conditioned_on="ctr")
ESMM = Task(label="order", conditioned_on="ctr", space="entire")
SPENT = Task(label="spent", kind="regression")


def loss(term: RankingTerm, groups: Any, labels: Any, logits: Any, rows: Any = None) -> float:
    rows = np.ones(len(labels)) if rows is None else rows
    floats = (tf.constant(np.asarray(each, np.float32)) for each in (labels, logits, rows))
    return float(term.loss(*floats, run_numbers(tf.constant(groups, tf.int64))))


def pairwise_by_hand(groups: Any, labels: Any, logits: Any, rows: Any) -> float:
    """Run by run, the n-th positive against the n-th negative, from the first again after the last."""
    total, weight = 0.0, 0.0
    for run in runs_of(groups):
        positives = [row for row in run if rows[row] > 0 and labels[row] == 1]
        negatives = [row for row in run if rows[row] > 0 and labels[row] == 0]
        for number, positive in enumerate(positives if negatives else []):
            negative = negatives[number % len(negatives)]
            each = rows[positive] * rows[negative]
            total += each * np.logaddexp(0, logits[negative] - logits[positive])
            weight += each
    return total / weight if weight else 0.0


def listwise_by_hand(groups: Any, labels: Any, logits: Any, rows: Any) -> float:
    total, weight = 0.0, 0.0
    for run in runs_of(groups):
        if not all(any(rows[row] > 0 and labels[row] == label for row in run) for label in (0, 1)):
            continue
        everything = np.log(sum(rows[row] * np.exp(float(logits[row])) for row in run))
        for row in run:
            total += rows[row] * labels[row] * (everything - logits[row])
            weight += rows[row] * labels[row]
    return total / weight if weight else 0.0


def runs_of(groups: Any) -> list[list[int]]:
    found: list[list[int]] = []
    for row, group in enumerate(groups):
        if found and group >= 0 and groups[found[-1][0]] == group:
            found[-1].append(row)
        else:
            found.append([row])
    return found


BY_HAND = {PAIRWISE: pairwise_by_hand, LISTWISE: listwise_by_hand}


@st.composite
def batches(draw: st.DrawFn) -> tuple[NDArray[Any], ...]:
    count = draw(st.integers(1, 12))
    groups = np.sort(draw(st.lists(st.integers(-1, 3), min_size=count, max_size=count)))
    labels = draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=count, max_size=count))
    logits = draw(st.lists(st.floats(-6, 6, width=32), min_size=count, max_size=count))
    rows = draw(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), min_size=count, max_size=count))
    return groups, np.array(labels), np.array(logits), np.array(rows)


def test_pairwise_by_hand() -> None:
    # One user, positives 2 and 1, negatives 0, 3 and -1: the pairs (2, 0) and (1, 3). Another with two positives and
    # one negative: (0, 1) and (0.5, 1).
    groups, labels = [4] * 5 + [9] * 3, [1, 0, 1, 0, 0, 1, 0, 1]
    found = loss(PAIRWISE, groups, labels, [2, 0, 1, 3, -1, 0, 1, 0.5])
    assert found == pytest.approx(np.log1p(np.exp([-2, 2, 1, 0.5])).mean(), rel=1e-6)
    # The second positive weighs 3 and its negative 2: a pair of 6.
    weighed = loss(PAIRWISE, groups[:5], labels[:5], [2, 0, 1, 3, -1], [1, 1, 3, 2, 1])
    assert weighed == pytest.approx((np.log1p(np.exp(-2)) + 6 * np.log1p(np.exp(2))) / 7, rel=1e-6)


def test_listwise_by_hand() -> None:
    # -log of the shares 3 / 6 and 2 / 6 of one user, and of 1 / 5 of another.
    found = loss(LISTWISE, [0, 0, 0, 5, 5], [1, 1, 0, 1, 0], np.log([3, 2, 1, 1, 4]))
    assert found == pytest.approx(np.log([2, 3, 5]).mean(), rel=1e-6)


@TERMS
@given(batch=batches())
@settings(max_examples=40)
def test_it_is_what_a_plain_loop_finds(term: RankingTerm, batch: tuple[NDArray[Any], ...]) -> None:
    groups, labels, logits, rows = batch
    assert loss(term, *batch) == pytest.approx(BY_HAND[term](groups, labels, logits, rows), rel=1e-5, abs=1e-6)


@TERMS
@given(batch=batches(), shift=st.floats(-20, 20))
@settings(max_examples=20)
def test_a_constant_on_all_logits_of_a_user_changes_nothing(term: RankingTerm, batch: Any, shift: float) -> None:
    groups, labels, logits, rows = batch
    shifted = logits + shift * np.where(groups < 0, np.arange(len(groups)), groups)
    assert loss(term, groups, labels, shifted, rows) == pytest.approx(loss(term, *batch), rel=1e-4, abs=1e-4)


@TERMS
def test_users_of_one_class_contribute_nothing(term: RankingTerm) -> None:
    assert loss(term, [0, 0, 1, 1, -1, -1], [1, 1, 0, 0, 1, 0], [3, -2, 1, 4, 0, 1]) == 0.0
    both = loss(term, [7, 7], [1, 0], [1, 0])
    assert loss(term, [0, 0, 7, 7, 3, -1, -1], [1, 1, 1, 0, 0, 1, 0], [3, -2, 1, 0, 4, 0, 1]) == pytest.approx(both)
    # Of a row without a weight nothing is seen, whatever its logit.
    assert loss(term, [7, 7, 7, 7], [1, 0, 0, 1], [1, 0, 3e4, -3e4], [1, 1, 0, 0]) == pytest.approx(both)


@TERMS
def test_gradients_are_those_of_small_differences(term: RankingTerm) -> None:
    random = np.random.default_rng(0)
    groups = tf.constant([5, 5, 5, 5, 2, 2, 2, -1, 0, 0], tf.int64)
    labels = tf.constant([1, 0, 0, 1, 0, 1, 1, 1, 0, 0], tf.float64)
    rows = tf.constant([1, 2, 0.5, 1, 1, 0, 3, 1, 1, 1], tf.float64)
    logits = tf.Variable(random.normal(size=10), dtype=tf.float64)
    with tf.GradientTape() as tape:
        value = term.loss(labels, logits, rows, run_numbers(groups))
    gradient = tf.convert_to_tensor(tape.gradient(value, logits)).numpy()
    for row in range(10):
        step = tf.one_hot(row, 10, 1e-5, dtype=tf.float64)
        above, below = (float(term.loss(labels, logits + s, rows, run_numbers(groups))) for s in (step, -step))
        assert gradient[row] == pytest.approx((above - below) / 2e-5, abs=1e-8)
    assert not gradient[[5, 7, 8, 9]].any() and gradient[:5].any()


@TERMS
def test_large_logits_and_empty_batches_stay_finite(term: RankingTerm) -> None:
    logits = tf.Variable([500.0, -500.0, 0.0, 1e4, -1e4])
    labels, rows = tf.constant([0.0, 1, 1, 1, 0]), tf.constant([1.0, 1, 1, 0, 0])
    for weights in (rows, tf.zeros(5)):
        with tf.GradientTape() as tape:
            value = term.loss(labels, logits, weights, run_numbers(tf.zeros(5, tf.int64)))
        assert np.isfinite(value) and np.isfinite(tf.convert_to_tensor(tape.gradient(value, logits))).all()


@TERMS
def test_xla_finds_the_same(term: RankingTerm) -> None:
    batch = [tf.constant(each, tf.float32) for each in ([1, 0, 0, 1], [0.5, 2, -1, 0], [1, 1, 2, 1])]
    groups = tf.constant([3, 3, 8, 8], tf.int64)
    compiled = tf.function(lambda *parts: term.loss(*parts, run_numbers(groups)), jit_compile=True)
    assert float(compiled(*batch)) == pytest.approx(float(term.loss(*batch, run_numbers(groups))), rel=1e-6)


def test_each_binary_task_has_a_term_over_its_own_rows() -> None:
    nan = np.nan
    labels = {"ctr": [1, 0, 1, 1, nan], "cvr": [1, 0, 0, nan, 0], "spent": [3, 0, 2, nan, 0]}
    logits = {"ctr": [1.0, 0, 2, 5, 7], "cvr": [0.5, 9, -0.5, 3, 4], "spent": [0.0, 0, 0, 0, 0]}
    tasks = {"ctr": CTR, "cvr": CVR, "spent": SPENT}
    weights = {"cvr": tf.constant([2.0, 1, 3, 1, 1])}

    def found(tasks: Any, weights: Any = None) -> dict[str, float]:
        tensors = [{name: tf.constant(each, tf.float32) for name, each in group.items()} for group in (labels, logits)]
        groups = tf.constant([4, 4, 4, 4, 4], tf.int64)
        return {
            name: float(value) for name, value in ranking_losses(PAIRWISE, tasks, *tensors, groups, weights).items()
        }

    plain = found(tasks)
    # Clicks 1, 2 and 5 against the one row without a click; orders where there was a click: rows 0 and 2 alone.
    ctr = np.log1p(np.exp([-1.0, -2, -5])).mean()
    assert plain == pytest.approx({"ctr": ctr, "cvr": np.log1p(np.exp(-1))}, rel=1e-6)
    assert found(tasks, weights) == pytest.approx(plain, rel=1e-6)  # One pair, whatever it weighs.
    # Over all rows by the product: an order against rows 1 and 2; the first of them is its pair.
    p = {name: 1 / (1 + np.exp(-np.array(each))) for name, each in logits.items()}
    both = p["ctr"] * p["cvr"]
    scores = np.log(both / (1 - both))
    entire = found({"ctr": CTR, "cvr": ESMM, "spent": SPENT})["cvr"]
    assert entire == pytest.approx(np.log1p(np.exp(scores[1] - scores[0])), rel=1e-5)


def test_settings_reach_the_terms() -> None:
    assert RANKING_TERMS.names() == ["none", "pairwise", "listwise"]
    assert NoRankingSettings().create() is None
    term = ListwiseRankingSettings(weight=0.5).create()
    assert isinstance(term, ListwiseTerm) and term.weight == 0.5
