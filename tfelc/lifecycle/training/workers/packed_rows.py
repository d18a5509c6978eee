"""Sparse gradients as one vector, so that one operation exchanges those of all tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

# Floats hold whole numbers below 2^24 exactly: a row's number goes in two parts.
_PART = 1 << 20


def packed_rows(gradients: Sequence[tf.IndexedSlices], sizes: Sequence[Any]) -> Any:
    """One vector of the gradients' rows and values, each filled up to a size that all workers have.

    Args:
        gradients: Of tables of two dimensions, float32, each row once.
        sizes: Rows to fill each up to.

    Example:
        >>> gradient = tf.IndexedSlices(tf.constant([[1.0, 2.0]]), tf.constant([7]), tf.constant([9, 2]))
        >>> packed_rows([gradient], [2]).numpy().tolist()
        [0.0, 0.0, 7.0, 0.0, 1.0, 2.0, 0.0, 0.0]
    """
    parts = []
    for gradient, size in zip(gradients, sizes, strict=True):
        more = [[0, size - tf.size(gradient.indices)]]
        rows = tf.cast(tf.pad(gradient.indices, more), tf.int32)
        parts += [tf.cast(rows // _PART, tf.float32), tf.cast(rows % _PART, tf.float32)]
        parts.append(tf.reshape(tf.pad(gradient.values, [*more, [0, 0]]), [-1]))
    return tf.concat(parts, 0)


def unpacked_rows(
    vectors: Any, gradients: Sequence[tf.IndexedSlices], counts: Any, sizes: Sequence[Any]
) -> list[tf.IndexedSlices]:
    """The gradients of all workers, those of one behind those of the other.

    Args:
        vectors: Of `packed_rows`, `(workers, length)`.
        gradients: This worker's own.
        counts: How many rows each worker has of each gradient, `(workers, gradients)`.
        sizes: As of `packed_rows`.

    Example:
        >>> gradient = tf.IndexedSlices(tf.constant([[1.0, 2.0]]), tf.constant([7]), tf.constant([9, 2]))
        >>> vectors = tf.stack([packed_rows([gradient], [2])] * 2)
        >>> both = unpacked_rows(vectors, [gradient], tf.constant([[1], [1]]), [2])[0]
        >>> both.indices.numpy().tolist(), both.values.numpy().tolist()
        ([7, 7], [[1.0, 2.0], [1.0, 2.0]])
    """
    found, start = [], 0
    for place, (gradient, size) in enumerate(zip(gradients, sizes, strict=True)):
        held = tf.sequence_mask(counts[:, place], size)
        width = gradient.values.shape[-1]
        high, low = vectors[:, start : start + size], vectors[:, start + size : start + 2 * size]
        rows = tf.cast(high, tf.int32) * _PART + tf.cast(low, tf.int32)
        start += 2 * size
        values = tf.reshape(vectors[:, start : start + size * width], [-1, size, width])
        start += size * width
        rows, values = tf.boolean_mask(rows, held), tf.boolean_mask(values, held)
        found.append(tf.IndexedSlices(values, tf.cast(rows, gradient.indices.dtype), gradient.dense_shape))
    return found
