import keras
import numpy as np
import tensorflow as tf

from tfelc.losses.task_balance.uncertainty_weighting import UncertaintyWeighting


def test_the_variances_settle_at_twice_the_losses_whatever_the_base_weights():
    balance = UncertaintyWeighting(["ctr", "cvr"], {"cvr": 3.0})
    optimizer = keras.optimizers.SGD(0.1)
    variables = balance.trainable_variables

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            losses = {"ctr": tf.constant(0.5), "cvr": tf.constant(2.0)}
        optimizer.apply_gradients(zip(balance.gradients(tape, losses, 0.0, variables, []), variables, strict=True))

    for _ in range(300):
        step()
    np.testing.assert_allclose(np.exp(balance.log_variances.numpy()), [1.0, 4.0], rtol=1e-4)
    terms = {name: float(term) for name, term in balance.weighted({"ctr": 0.5, "cvr": 2.0}).items()}
    # exp(-s) L is one half for every task at the optimum.
    np.testing.assert_allclose(
        [terms["ctr"], terms["cvr"], terms["balance"]], [0.5, 3 * 0.5, 3 * np.log(4.0) / 2], rtol=1e-4
    )
