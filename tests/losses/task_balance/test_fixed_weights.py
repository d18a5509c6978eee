import keras
import tensorflow as tf

from tfelc.losses.task_balance.fixed_weights import FixedWeights


def test_the_gradient_is_that_of_the_weighted_sum():
    variable = keras.Variable([3.0])
    balance = FixedWeights(["ctr", "cvr"], {"cvr": 0.5})
    with tf.GradientTape() as tape:
        losses = {"ctr": tf.reduce_sum(variable**2), "cvr": tf.reduce_sum(4.0 * variable)}
        auxiliary = tf.reduce_sum(10.0 * variable)
    assert {k: float(v) for k, v in balance.weighted(losses).items()} == {"ctr": 9.0, "cvr": 6.0}
    (gradient,) = balance.gradients(tape, losses, auxiliary, [variable], [])
    assert float(gradient[0]) == 2 * 3.0 + 0.5 * 4.0 + 10.0
