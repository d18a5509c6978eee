"""The heads of tasks: losses and predictions by hand, gradients by finite differences, values that minimize a loss."""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfelc.losses.task_heads.create_head import create_head, fitted_scale
from tfelc.losses.task_heads.value_scale import ValueScale
from tfelc.schema.task import Task

LABELS = np.array([0, 3, 12, 45, 0.5], np.float32)
TASKS = {
    "binary": Task(label="y"),
    "squared": Task(label="y", kind="regression"),
    "absolute": Task(label="y", kind="regression", loss="absolute"),
    "log": Task(label="y", kind="regression", scale="log"),
    "watch": Task(label="y", kind="watch_time"),
    "ltv": Task(label="y", kind="lifetime_value"),
    "ordinal": Task(label="y", kind="ordinal", levels=(0, 0.5, 3, 12, 45)),
}


def _floats(*values):
    return tf.constant(values, tf.float32)


def _head(name, scale=None):
    return create_head(TASKS[name], scale)


def test_scales_by_hand():
    assert fitted_scale(TASKS["squared"], np.array([1, 3], np.float32)) == ValueScale(center=2, spread=1)
    assert fitted_scale(TASKS["squared"], np.array([7, 7], np.float32)) == ValueScale(center=7, spread=1)
    log = fitted_scale(TASKS["log"], np.array([0, math.e**2 - 1], np.float32))
    assert (log.center, log.spread) == (pytest.approx(1), pytest.approx(1))
    assert fitted_scale(TASKS["watch"], np.array([0, 30], np.float32)) == ValueScale(spread=15)
    assert fitted_scale(TASKS["watch"], np.zeros(3, np.float32)) == ValueScale()
    ltv = fitted_scale(TASKS["ltv"], np.array([0, 0, math.e, math.e**3], np.float32))
    assert (ltv.center, ltv.spread) == (pytest.approx(2), pytest.approx(1))
    for task in TASKS.values():
        assert fitted_scale(task, np.zeros(0, np.float32)) == ValueScale()


def test_regression_by_hand():
    scale = ValueScale(center=10, spread=5)
    labels, logits = _floats(20, 0), _floats(1.5, -1)
    # In deviations the labels are 2 and -2.
    np.testing.assert_allclose(_head("squared", scale).loss(labels, logits), [0.25, 1])
    np.testing.assert_allclose(_head("absolute", scale).loss(labels, logits), [0.5, 1])
    np.testing.assert_allclose(_head("squared", scale).prediction(logits), [17.5, 5])
    log = _head("log", ValueScale(center=1, spread=2))
    np.testing.assert_allclose(log.loss(_floats(math.e**3 - 1), _floats(0.5)), [0.25], rtol=1e-5)
    np.testing.assert_allclose(log.prediction(_floats(0.5, -3)), [math.e**2 - 1, 0], rtol=1e-5)


def test_watch_time_by_hand():
    head = _head("watch", ValueScale(spread=10))
    # Odds of 3: a positive of weight 2 beside a negative of weight 1.
    loss = head.loss(_floats(20), _floats(math.log(3)))
    np.testing.assert_allclose(loss, [2 * math.log(4 / 3) + math.log(4)], rtol=1e-6)
    np.testing.assert_allclose(head.prediction(_floats(math.log(3))), [30], rtol=1e-6)


def test_lifetime_value_by_hand():
    head = _head("ltv", ValueScale(center=math.log(20), spread=2))
    # Not above 0: the cross-entropy alone, whatever the others are. Above: deviation 1 of the logarithm, in units of 2.
    logits = _floats([math.log(3), 9, 9], [math.log(3), 0.25, 0])
    label = 20 * math.exp(2 * 1.25)
    found = head.loss(_floats(0, label), logits)
    wanted = [math.log(4), math.log(4 / 3) + 0.5 * 1**2 + 0.5 * math.log(2 * math.pi)]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    np.testing.assert_allclose(head.prediction(logits[1:]), [0.75 * 20 * math.exp(0.5 + 2)], rtol=1e-5)
    # What is left out of the density of a log-normal value: log y + log spread.
    from scipy.stats import lognorm

    density = lognorm(s=2, scale=20 * math.exp(0.5)).logpdf(label)
    assert float(found[1]) == pytest.approx(math.log(4 / 3) - density - math.log(label) - math.log(2), rel=1e-5)


def test_ordinal_by_hand():
    head = create_head(Task(label="stars", kind="ordinal", levels=(1, 2, 5)))
    # Above 1 with 3/4, and then 5 with 1/4: 1 of 16 twice four times, 2 of 16 nine times, 5 of 16 three times.
    logits = tf.tile([[math.log(3), -math.log(3)]], [3, 1])
    np.testing.assert_allclose(np.exp(-head.loss(_floats(1, 2, 5), logits)), [4 / 16, 9 / 16, 3 / 16], rtol=1e-5)
    np.testing.assert_allclose(head.prediction(logits), [(4 * 1 + 9 * 2 + 3 * 5) / 16] * 3, rtol=1e-6)
    # Two levels are a binary task, of one logit, in their own unit.
    pair = create_head(Task(label="stars", kind="ordinal", levels=(-1, 1)))
    np.testing.assert_allclose(pair.loss(_floats(1, -1), _floats(0.3, 0.3)), _head("binary").loss(_floats(1, 0), 0.3))
    np.testing.assert_allclose(pair.prediction(_floats(0, math.log(3))), [0, 0.5], atol=1e-6)


@pytest.mark.parametrize("name", TASKS)
def test_gradients_are_those_of_finite_differences(name):
    labels = (LABELS > 2).astype(np.float32) if name == "binary" else LABELS
    head = _head(name, fitted_scale(TASKS[name], labels))
    shape = (len(labels), head.columns) if head.columns > 1 else (len(labels),)
    logits = np.random.default_rng(0).normal(0, 1, shape).astype(np.float32)
    variable = tf.Variable(logits)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(head.loss(tf.constant(labels), variable))
    gradient = tape.gradient(total, variable).numpy()

    def loss_of(values):
        return float(tf.reduce_sum(head.loss(tf.constant(labels, tf.float64), tf.constant(values, tf.float64))))

    step = 1e-5
    for place in np.ndindex(shape):
        moved = np.zeros(shape)
        moved[place] = step
        wanted = (loss_of(logits + moved) - loss_of(logits - moved)) / (2 * step)
        assert gradient[place] == pytest.approx(wanted, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("name", ["squared", "watch"])
def test_the_prediction_that_minimizes_the_loss_is_the_mean(name):
    head = _head(name, fitted_scale(TASKS[name], LABELS))
    logits = np.linspace(-4, 4, 8001).astype(np.float32)
    losses = [head.loss(tf.constant(label), tf.constant(logits)).numpy() for label in LABELS]
    best = logits[np.mean(losses, axis=0).argmin()]
    assert float(head.prediction(tf.constant(best))) == pytest.approx(LABELS.mean(), rel=2e-3)


@pytest.mark.parametrize("name", TASKS)
@settings(max_examples=30, deadline=None)
@given(logit=st.floats(-(2.0**100), 2.0**100), spread=st.floats(1e-3, 1e6))
def test_predictions_are_finite_whatever_the_logits(name, logit, spread):
    head = _head(name, ValueScale(center=0, spread=spread) if name != "ltv" else ValueScale(center=1, spread=2))
    logits = tf.fill((1, head.columns), np.float32(logit)) if head.columns > 1 else _floats(logit)
    if name in ("squared", "absolute"):
        logits = tf.clip_by_value(logits, -1e20, 1e20)
    assert np.isfinite(head.prediction(logits).numpy()).all()


def test_a_label_of_zero_gives_no_gradient_to_the_size_of_a_value():
    head, variable = _head("ltv"), tf.Variable([[0.3, 0.2, 0.1]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(head.loss(_floats(0), variable))
    gradient = tape.gradient(loss, variable).numpy()[0]
    assert gradient[0] != 0 and gradient[1:].tolist() == [0, 0]
