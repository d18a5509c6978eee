import keras
import numpy as np
import pytest
import tensorflow as tf

from tfelc.losses.task_balance.grad_norm import GradNorm

# The kernel sums to 1 and a gradient of ones on it has norm 2.
KERNEL = keras.Variable([[0.25, 0.25], [0.25, 0.25]])


def make_step(balance, scale):
    """A step whose gradients on the kernel have norm 2 for `ctr` and 2 * scale for `cvr`; losses come as given."""

    @tf.function
    def step(ctr, cvr):
        with tf.GradientTape(persistent=True) as tape:
            total = tf.reduce_sum(KERNEL)
            # The offsets are constants: they set the loss and leave the gradient alone.
            losses = {"ctr": total + (ctr - 1.0), "cvr": scale * total + (cvr - scale)}
        return balance.gradients(tape, losses, 0.0, [KERNEL], [KERNEL])

    return step


def test_gradients_of_scales_1_and_100_become_equal():
    balance = GradNorm(["ctr", "cvr"], asymmetry=0.0)
    step = make_step(balance, 100.0)
    for _ in range(150):
        step(tf.constant(1.0), tf.constant(100.0))
    ctr, cvr = balance.task_weights.numpy()
    # Equal norms and a sum of 2: 200 / 101 and 2 / 101. The sign of the slope leaves a ripple of the learning rate.
    np.testing.assert_allclose([ctr, cvr], [200 / 101, 2 / 101], rtol=0.06)
    (gradient,) = step(tf.constant(1.0), tf.constant(100.0))
    np.testing.assert_allclose(gradient.numpy(), np.full((2, 2), ctr + 100 * cvr), rtol=1e-5)


def test_one_step_is_the_hand_computed_one():
    balance = GradNorm(["ctr", "cvr"], asymmetry=1.0, learning_rate=0.1)
    make_step(balance, 3.0)(tf.constant(1.0), tf.constant(1.0))
    # Norms 2 and 6, mean 4, equal pace: slopes -2/4 and 6/4.
    raw = np.exp([0.05, -0.15])
    np.testing.assert_allclose(balance.task_weights.numpy(), 2 * raw / raw.sum(), rtol=1e-6)


def test_a_slow_task_may_keep_the_larger_gradient():
    balance = GradNorm(["ctr", "cvr"], asymmetry=1.0)
    make_step(balance, 1.0)(tf.constant(1.0), tf.constant(1.0))
    np.testing.assert_array_equal(balance.task_weights.numpy(), [1, 1])
    # Loss ratios 0.5 and 1.5 want gradients of 1 : 3, which they have.
    make_step(balance, 3.0)(tf.constant(0.5), tf.constant(1.5))
    np.testing.assert_allclose(balance.task_weights.numpy(), [1, 1], rtol=1e-6)


def test_a_batch_without_rows_of_a_task_does_not_spoil_the_weights():
    balance = GradNorm(["ctr", "cvr"])
    make_step(balance, 0.0)(tf.constant(1.0), tf.constant(0.0))
    assert np.isfinite(balance.task_weights.numpy()).all()
    np.testing.assert_array_equal(balance.first_losses.numpy(), [1, 0])
    make_step(balance, 1.0)(tf.constant(0.5), tf.constant(2.0))
    np.testing.assert_array_equal(balance.first_losses.numpy(), [1, 2])
    assert np.isfinite(balance.task_weights.numpy()).all()


def test_the_base_weights_are_the_start():
    np.testing.assert_allclose(GradNorm(["ctr", "cvr"], {"cvr": 3.0}).task_weights.numpy(), [0.5, 1.5])


def test_without_a_shared_kernel_it_says_so():
    bias = keras.Variable([1.0])
    with tf.GradientTape(persistent=True) as tape:
        losses = {"ctr": tf.reduce_sum(bias)}
    with pytest.raises(ValueError, match="shared"):
        GradNorm(["ctr"]).gradients(tape, losses, 0.0, [bias], [bias])
