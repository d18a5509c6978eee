"""A sparse gradient with one entry a row."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def unique_rows(gradient: tf.IndexedSlices) -> tuple[Any, Any]:
    """Adds up the entries of a sparse gradient that fall on the same row.

    Returns:
        The rows, `(rows,)`, each once, and their gradients, `(rows, dim)`.
    """
    rows, positions = tf.unique(tf.reshape(gradient.indices, [-1]))
    values = tf.reshape(gradient.values, [-1, gradient.values.shape[-1]])
    return rows, tf.math.unsorted_segment_sum(values, positions, tf.size(rows))
