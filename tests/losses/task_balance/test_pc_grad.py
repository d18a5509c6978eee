import itertools

import keras
import numpy as np
import tensorflow as tf

from tfelc.losses.task_balance.pc_grad import PCGrad


def gradients(directions, auxiliary=(0.0, 0.0), weights=None, seed=0):
    """PCGrad's gradients where each task's loss is linear, so that its gradient is the given direction."""
    # Two shared variables of one element each: the projection must see them as one vector.
    shared = [keras.Variable([0.0]), keras.Variable([[0.0]])]
    own = keras.Variable([0.0])
    names = [f"task{k}" for k in range(len(directions))]
    balance = PCGrad(names, weights, seed=seed)

    @tf.function
    def step():
        with tf.GradientTape(persistent=True) as tape:
            point = tf.concat([tf.reshape(v, [-1]) for v in shared], axis=0)
            losses = {
                name: tf.reduce_sum(point * tf.constant(direction)) + tf.reduce_sum(own)
                for name, direction in zip(names, directions, strict=True)
            }
            extra = tf.reduce_sum(point * tf.constant(auxiliary))
        return balance.gradients(tape, losses, extra, [own, *shared], shared)

    return np.concatenate([np.ravel(gradient) for gradient in step()])


def test_conflicting_gradients_lose_what_works_against_the_other():
    # (1, 0) . (-1, 1) = -1. (1, 0) + (-1, 1) / 2 = (.5, .5); (-1, 1) + (1, 0) = (0, 1).
    np.testing.assert_allclose(gradients([(1.0, 0.0), (-1.0, 1.0)]), [2, 0.5, 1.5], rtol=1e-6)


def test_agreeing_gradients_are_added_up():
    np.testing.assert_array_equal(gradients([(1.0, 0.0), (1.0, 1.0)]), [2, 2, 1])


def test_other_terms_are_added_and_not_projected():
    found = gradients([(1.0, 0.0), (-1.0, 1.0)], auxiliary=(-5.0, 7.0))
    np.testing.assert_allclose(found, [2, 0.5 - 5, 1.5 + 7], rtol=1e-6)


def test_base_weights_scale_the_gradients_before_the_projection():
    # (2, 0) and (-1, 1): (2, 0) + (-1, 1) = (1, 1); (-1, 1) + (2, 0) / 2 = (0, 1).
    found = gradients([(1.0, 0.0), (-1.0, 1.0)], weights={"task0": 2.0})
    np.testing.assert_allclose(found, [3, 1, 2], rtol=1e-6)


def test_three_tasks_follow_the_algorithm_in_some_order():
    tasks = np.array([(1.0, 0.2), (-1.0, 0.9), (-0.3, -1.0)], np.float32)

    def surgery(k, order):
        own = tasks[k].copy()
        for j in order:
            if own @ tasks[j] < 0:
                own -= own @ tasks[j] / (tasks[j] @ tasks[j]) * tasks[j]
        return own

    choices = [[surgery(k, order) for order in itertools.permutations({0, 1, 2} - {k})] for k in range(3)]
    possible = np.array([sum(choice) for choice in itertools.product(*choices)])
    seen = set()
    for seed in range(6):
        found = gradients([tuple(map(float, task)) for task in tasks], seed=seed)[1:]
        distances = np.abs(possible - found).max(axis=1)
        assert distances.min() < 1e-5
        seen.add(int(distances.argmin()))
    assert len(seen) > 1
