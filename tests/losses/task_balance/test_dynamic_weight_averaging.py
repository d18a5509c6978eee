import numpy as np
import pytest
import tensorflow as tf

from tfelc.losses.task_balance.dynamic_weight_averaging import DynamicWeightAveraging


@tf.function
def step(balance, ctr, cvr):
    with tf.GradientTape() as tape:
        losses = {"ctr": ctr, "cvr": cvr}
    balance.gradients(tape, losses, 0.0, [], [])


def epoch(balance, *losses):
    for ctr, cvr in losses:
        step(balance, tf.constant(ctr), tf.constant(cvr))
    balance.end_epoch()


def test_weights_are_the_hand_computed_ones_from_the_third_epoch_on():
    balance = DynamicWeightAveraging(["ctr", "cvr"], {"cvr": 0.5})
    epoch(balance, (1.0, 0.5), (3.0, 1.5))  # means 2 and 1
    np.testing.assert_array_equal(balance.task_weights.numpy(), [1, 1])
    epoch(balance, (1.0, 0.9))  # means 1 and 0.9: ratios 0.5 and 0.9
    expected = 2 * np.exp([0.25, 0.45]) / np.exp([0.25, 0.45]).sum()
    np.testing.assert_allclose(balance.task_weights.numpy(), expected, rtol=1e-6)
    terms = balance.weighted({"ctr": 2.0, "cvr": 2.0})
    np.testing.assert_allclose([float(terms["ctr"]), float(terms["cvr"])], expected * [2, 1], rtol=1e-6)
    epoch(balance, (0.5, 0.99))  # ratios 0.5 and 1.1, the epoch before the last forgotten
    expected = 2 * np.exp([0.25, 0.55]) / np.exp([0.25, 0.55]).sum()
    np.testing.assert_allclose(balance.task_weights.numpy(), expected, rtol=1e-6)


def test_a_high_temperature_makes_the_weights_equal():
    balance = DynamicWeightAveraging(["ctr", "cvr"], temperature=1e6)
    epoch(balance, (2.0, 1.0))
    epoch(balance, (1.0, 5.0))
    np.testing.assert_allclose(balance.task_weights.numpy(), [1, 1], rtol=1e-4)


def test_looking_at_the_terms_does_not_count_as_a_step():
    balance = DynamicWeightAveraging(["ctr", "cvr"])
    step(balance, tf.constant(2.0), tf.constant(1.0))
    balance.weighted({"ctr": 100.0, "cvr": 100.0})
    balance.end_epoch()
    np.testing.assert_array_equal(balance.last_means.numpy(), [2, 1])


def test_a_temperature_of_zero_is_refused():
    with pytest.raises(ValueError, match="temperature"):
        DynamicWeightAveraging(["ctr"], temperature=0.0)
