from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfelc.lifecycle.training.optimizers.sparse_adagrad import SparseAdagrad


def _table() -> keras.Variable:
    return keras.Variable(np.random.default_rng(0).normal(size=(6, 3)).astype("float32"))


def _sparse(rows: list[int], values: Any) -> tf.IndexedSlices:
    return tf.IndexedSlices(
        tf.constant(np.asarray(values, "float32")), tf.constant(rows, tf.int32), tf.constant([6, 3])
    )


def test_equals_adagrad_on_the_whole_table() -> None:
    sparse, dense, plain = _table(), _table(), _table()
    settings = {"learning_rate": 0.3, "initial_accumulator_value": 0.05, "epsilon": 1e-3}
    optimizers = SparseAdagrad(**settings), SparseAdagrad(**settings), keras.optimizers.Adagrad(**settings)
    random = np.random.default_rng(1)
    for rows in ([0, 2, 2], [2, 5], [4, 4, 4, 0], [], [1, 1]):
        values = random.normal(size=(len(rows), 3)).astype("float32")
        whole = np.zeros((6, 3), "float32")
        np.add.at(whole, rows, values)
        optimizers[0].apply([_sparse(rows, values)], [sparse])
        optimizers[1].apply([tf.constant(whole)], [dense])
        optimizers[2].apply([tf.constant(whole)], [plain])
    np.testing.assert_array_equal(dense, plain)
    np.testing.assert_allclose(sparse, plain, rtol=1e-6)
    np.testing.assert_array_equal(np.array(sparse)[3], np.array(_table())[3])


def test_first_step_by_hand() -> None:
    table = keras.Variable(np.zeros((6, 3), "float32"))
    optimizer = SparseAdagrad(0.5, initial_accumulator_value=7.0, epsilon=0.0)
    # 0.5 * 3 / sqrt(7 + 9) = 0.375; the second entry of the row adds up with the first before it is squared.
    optimizer.apply([_sparse([1, 4, 1], [[2, 3, 0], [3, 0, 0], [1, 0, 0]])], [table])
    np.testing.assert_allclose(np.array(table)[[1, 4]], [[-0.375, -0.375, 0], [-0.375, 0, 0]])
    np.testing.assert_array_equal(np.array(table)[[0, 2, 3, 5]], 0)


def test_settings_survive_a_round_trip() -> None:
    optimizer = SparseAdagrad(0.2, initial_accumulator_value=0.5, epsilon=1e-4)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer), safe_mode=True)
    assert isinstance(again, SparseAdagrad) and again.get_config() == optimizer.get_config()
