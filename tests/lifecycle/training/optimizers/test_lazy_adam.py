from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfelc.lifecycle.training.optimizers.lazy_adam import LazyAdam

_BETAS = (0.9, 0.999)


def _table(rows: int = 5, dim: int = 2) -> tuple[keras.Variable, Any]:
    values = np.random.default_rng(0).normal(size=(rows, dim)).astype("float32")
    return keras.Variable(values), values.astype("float64")


def _sparse(rows: list[int], values: Any, height: int = 5) -> tf.IndexedSlices:
    values = tf.constant(np.asarray(values, "float32"))
    return tf.IndexedSlices(values, tf.constant(rows, tf.int32), tf.constant([height, values.shape[1]]))


def _adam_step(weight: Any, gradient: Any, moments: tuple[Any, Any], step: int, rate: float, epsilon: float) -> Any:
    first = _BETAS[0] * moments[0] + (1 - _BETAS[0]) * gradient
    second = _BETAS[1] * moments[1] + (1 - _BETAS[1]) * gradient**2
    unbiased = first / (1 - _BETAS[0] ** step), second / (1 - _BETAS[1] ** step)
    # Kingma and Ba's epsilon, in the form that Keras and the paper's section 2 use: added to the biased root.
    root = np.sqrt(unbiased[1]) + epsilon / np.sqrt(1 - _BETAS[1] ** step)
    return weight - rate * unbiased[0] / root, (first, second)


def test_rows_that_are_not_looked_up_stand_still() -> None:
    table, start = _table()
    optimizer = LazyAdam(0.1)
    for _ in range(3):
        optimizer.apply([_sparse([1, 3], np.ones((2, 2)))], [table])
    before = np.array(table)
    # Their moments are not zero, and under Adam they would go on moving.
    optimizer.apply([_sparse([0], np.ones((1, 2)))], [table])
    np.testing.assert_array_equal(np.array(table)[1:], before[1:])
    np.testing.assert_array_equal(before[[0, 2, 4]], start[[0, 2, 4]].astype("float32"))
    assert np.all(np.array(table)[0] != before[0])


def test_rows_that_are_looked_up_take_adams_step() -> None:
    table, expected = _table()
    moments = {row: (np.zeros(2), np.zeros(2)) for row in range(5)}
    optimizer = LazyAdam(0.05, epsilon=1e-3)
    random = np.random.default_rng(1)
    for step, rows in enumerate([[0, 2], [2, 4], [1], [2, 0]], start=1):
        gradient = random.normal(size=(len(rows), 2))
        optimizer.apply([_sparse(rows, gradient)], [table])
        for row, values in zip(rows, gradient, strict=True):
            expected[row], moments[row] = _adam_step(expected[row], values, moments[row], step, 0.05, 1e-3)
    np.testing.assert_allclose(table, expected, rtol=1e-5)


def test_a_row_that_repeats_in_a_batch_takes_one_step_by_the_sum() -> None:
    parts, _ = _table()
    whole, _ = _table()
    once, twice = LazyAdam(0.1), LazyAdam(0.1)
    for _ in range(2):
        twice.apply([_sparse([3, 1, 3, 3], [[1, 2], [7, -8], [3, 4], [-2, 1]])], [parts])
        once.apply([_sparse([1, 3], [[7, -8], [2, 7]])], [whole])
    np.testing.assert_array_equal(parts, whole)


@pytest.mark.parametrize("sparse", [False, True])
def test_a_gradient_of_every_row_is_adam(sparse: bool) -> None:
    lazy, _ = _table()
    plain, _ = _table()
    optimizer, adam = LazyAdam(0.1, epsilon=1e-7), keras.optimizers.Adam(0.1, epsilon=1e-7)
    random = np.random.default_rng(1)
    for _ in range(5):
        gradient = random.normal(size=(5, 2)).astype("float32")
        optimizer.apply([_sparse(list(range(5)), gradient) if sparse else tf.constant(gradient)], [lazy])
        adam.apply([tf.constant(gradient)], [plain])
    np.testing.assert_allclose(lazy, plain, rtol=1e-5)


def test_an_empty_batch_moves_nothing() -> None:
    table, start = _table()
    LazyAdam(0.1).apply([_sparse([], np.zeros((0, 2)))], [table])
    np.testing.assert_array_equal(table, start.astype("float32"))


def test_tables_have_their_own_moments_and_follow_the_schedule() -> None:
    tables = [_table(5, 2)[0], _table(3, 4)[0]]
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.1, 0.0])
    optimizer = LazyAdam(schedule)

    @tf.function
    def step() -> None:
        gradients = [_sparse([4], [[1, -1]]), _sparse([0, 2], [[-1, 1, 1, 1], [2, 2, 2, -2]], 3)]
        optimizer.apply(gradients, tables)

    starts = [np.array(table) for table in tables]
    step()
    # The first step of Adam is the learning rate in the sign's direction, whatever the gradient's size.
    np.testing.assert_allclose(tables[0] - starts[0], 0.1 * np.eye(5)[[4]].T @ [[-1, 1]], atol=1e-6)
    np.testing.assert_allclose(
        tables[1] - starts[1], [[0.1, -0.1, -0.1, -0.1], [0, 0, 0, 0], [-0.1, -0.1, -0.1, 0.1]], atol=1e-6
    )
    after = [np.array(table) for table in tables]
    step()
    step()
    for table, values in zip(tables, after, strict=True):
        np.testing.assert_array_equal(table, values)


def test_settings_survive_a_round_trip() -> None:
    optimizer = LazyAdam(0.2, beta_1=0.5, beta_2=0.6, epsilon=1e-4)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer), safe_mode=True)
    assert isinstance(again, LazyAdam) and again.get_config() == optimizer.get_config()
    assert (again.beta_1, again.beta_2, again.epsilon) == (0.5, 0.6, 1e-4)
