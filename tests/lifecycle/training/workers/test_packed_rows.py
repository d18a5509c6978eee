"""Sparse gradients of several workers and tables, exchanged as vectors."""

import numpy as np
import tensorflow as tf

from tfelc.lifecycle.training.workers.packed_rows import packed_rows, unpacked_rows


def slices(rows, dim, table):
    values = np.arange(len(rows) * dim, dtype=np.float32).reshape(len(rows), dim) + 100 * dim
    return tf.IndexedSlices(tf.constant(values), tf.constant(rows, tf.int32), tf.constant([table, dim]))


def test_rows_of_all_workers_come_back_whatever_each_has():
    largest = 2**31 - 1  # a float32 cannot hold it
    of_workers = [
        [slices([5, largest, 2**24 + 1], 2, largest), slices([1], 4, 9)],
        [slices([7], 2, largest), slices([], 4, 9)],
    ]
    counts = tf.constant([[3, 1], [1, 0]])
    vectors = tf.stack([packed_rows(gradients, [3, 1]) for gradients in of_workers])
    for number, found in enumerate(unpacked_rows(vectors, of_workers[0], counts, [3, 1])):
        rows = np.concatenate([gradients[number].indices for gradients in of_workers])
        values = np.concatenate([gradients[number].values for gradients in of_workers])
        np.testing.assert_array_equal(found.indices, rows)
        np.testing.assert_array_equal(found.values, values)
        assert found.indices.dtype == tf.int32
