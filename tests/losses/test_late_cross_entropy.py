"""The loss of an outcome that may still come: by hand, and over all delays."""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfelc.losses.joint_logarithms import joint_logarithms
from tfelc.losses.late_cross_entropy import late_cross_entropy
from tfelc.losses.task_heads.binary_cross_entropy import binary_cross_entropy
from tfelc.losses.task_losses import joint_cross_entropy, task_losses
from tfelc.schema.delay import Delay
from tfelc.schema.task import Task


def _loss(labels: list[float], *chain: list[float]) -> np.ndarray:
    found = late_cross_entropy(tf.constant(labels), *joint_logarithms([tf.constant(each) for each in chain]))
    return np.asarray(found)


def _gradient(label: float, logit: float) -> float:
    variable = tf.Variable([logit])
    with tf.GradientTape() as tape:
        loss = late_cross_entropy(tf.constant([label]), *joint_logarithms([variable]))
    return float(tape.gradient(loss, variable)[0])


def test_values_by_hand() -> None:
    third = math.log(1 / 2)  # p = 1/3
    # Come: -log 1/3. Never comes: -log 2/3. A quarter still to come: -log(2/3 + 1/4 * 1/3) = -log 3/4.
    np.testing.assert_allclose(_loss([1, 0, -0.25], [third] * 3), -np.log([1 / 3, 2 / 3, 3 / 4]), rtol=1e-6)
    # Of a product of probabilities 1/3 and 1/2: -log(5/6 + 1/4 * 1/6) = -log 7/8.
    np.testing.assert_allclose(_loss([1, -0.25], [third] * 2, [0.0] * 2), -np.log([1 / 6, 7 / 8]), rtol=1e-6)


def test_a_mature_row_has_the_plain_cross_entropy() -> None:
    logits, others = [-90.0, -3.0, 0.0, 2.0, 90.0], [1.0, -2.0, 0.0, 80.0, -80.0]
    for label in (0.0, 1.0):
        labels = [label] * 5
        plain = binary_cross_entropy(tf.constant(labels), tf.constant(logits))
        np.testing.assert_allclose(_loss(labels, logits), plain, rtol=1e-6)
        joint = joint_cross_entropy(tf.constant(labels), [tf.constant(logits), tf.constant(others)])
        np.testing.assert_allclose(_loss(labels, logits, others), joint, rtol=1e-6)


@pytest.mark.parametrize("logit", [-100.0, -20.0, 0.0, 20.0, 100.0])
@pytest.mark.parametrize("label", [1.0, 0.0, -1e-6, -0.5, -0.999])
def test_values_and_gradients_are_finite(label: float, logit: float) -> None:
    assert np.isfinite(_loss([label], [logit])).all() and math.isfinite(_gradient(label, logit))


@settings(max_examples=20)
@given(logit=st.floats(-6, 6), to_come=st.floats(0.01, 0.99))
def test_over_the_delays_the_gradient_is_zero_at_the_truth_and_points_to_it(logit: float, to_come: float) -> None:
    # An outcome comes with probability p, and has come by now with (1 - s) p.
    come = (1 - to_come) / (1 + math.exp(-logit))

    def expected(at: float) -> float:
        return come * _gradient(1.0, at) + (1 - come) * _gradient(-to_come, at)

    assert abs(expected(logit)) < 1e-6
    assert expected(logit - 1) < 0 < expected(logit + 1)


def test_a_rate_is_found_in_spite_of_the_delays_and_not_without_it() -> None:
    random = np.random.default_rng(0)
    count, rate = 100_000, 0.2
    age = random.uniform(0, 10, count)
    come = (random.random(count) < rate) & (random.exponential(3, count) <= age)
    labels = np.where(come, 1.0, -np.exp(-age / 3)).astype(np.float32)  # exp(-age / 3) are still to come
    grid = np.linspace(0.15, 0.25, 51)
    sums = []
    for p in grid:
        logs = (tf.fill([count], tf.constant(math.log(each), tf.float32)) for each in (p, 1 - p))
        sums.append(float(tf.reduce_mean(late_cross_entropy(tf.constant(labels), *logs))))
    assert abs(grid[int(np.argmin(sums))] / rate - 1) < 0.02
    assert abs(come.mean() / rate - 1) > 0.2  # what cross-entropy would find


def test_a_task_takes_it_where_it_weighs_and_another_one_does_not() -> None:
    labels = {"ctr": tf.constant([1.0, 1.0, 0.0]), "cvr": tf.constant([1.0, -0.5, -0.5])}
    logits = {"ctr": tf.zeros(3), "cvr": tf.zeros(3)}
    delay = Delay(event_time="ordered_at", window=7, immature="weight")
    tasks = {"ctr": Task(label="click"), "cvr": Task(label="order", conditioned_on="ctr", delay=delay)}
    # Over clicks: (-log 1/2 - log 3/4) / 2.
    assert float(task_losses(tasks, labels, logits)["cvr"]) == pytest.approx(-math.log(3 / 8) / 2)
    # Over all rows p is 1/4: -log 1/4, -log(3/4 + 1/2 * 1/4) of the young click, -log 3/4 of the row without one.
    tasks["cvr"] = tasks["cvr"].model_copy(update={"space": "entire"})
    assert float(task_losses(tasks, labels, logits)["cvr"]) == pytest.approx(-math.log(21 / 128) / 3)


def test_a_row_too_young_to_know_is_left_out_whatever_else_happened() -> None:
    labels = {"ctr": tf.constant([1.0, 0.0, 0.0]), "cvr": tf.constant([math.nan, math.nan, 0.0])}
    logits = {"ctr": tf.constant([0.0, 5.0, 0.0]), "cvr": tf.zeros(3)}
    delay = Delay(event_time="ordered_at", window=7)
    late = Task(label="order", conditioned_on="ctr", space="entire", delay=delay)
    # The last row alone, with p = 1/4; a label of 0 would decide the second one, were it not for the delay.
    found = task_losses({"ctr": Task(label="click"), "cvr": late}, labels, logits)["cvr"]
    assert float(found) == pytest.approx(-math.log(3 / 4))
