"""A vocabulary as two sorted arrays: what a value's row is, without a hash table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfelc.core.errors import SchemaError

# `to_hash_bucket_fast` gives FarmHash's 64-bit fingerprint modulo this: all but its highest bit.
_FINGERPRINTS = 2**63 - 1
# Strings that are handed to TensorFlow at a time.
_CHUNK = 2**20


class VocabularyLookup:
    """Gives each value its row of an embedding table: 0 if it is missing, 1 if it is unknown, then the vocabulary's.

    An integer is looked for among the sorted integers, a string by its fingerprint of 63 bits among the sorted
    fingerprints, by bisection. Both are variables, which a SavedModel keeps beside its graph: they load as fast as an
    embedding does, where a hash table's words would stand in the graph and be taken in one by one. A string that is
    unknown is taken for a known one with a probability of the vocabulary's size over 2^63: 1e-12 at ten million.

    Args:
        table: Name of the table, for messages.
        values: The vocabulary, all different, of strings or of integers.
        missing: The value that stands for a missing one. It is in no vocabulary.

    Raises:
        SchemaError: Two strings have the same fingerprint.

    Example:
        >>> lookup = VocabularyLookup("item", ["b", "a"], missing="")
        >>> lookup(tf.constant(["a", "b", "", "c"])).numpy()
        array([3, 2, 0, 1], dtype=int32)
    """

    def __init__(self, table: str, values: Sequence[str] | Sequence[int], missing: str | int) -> None:
        self._missing = missing
        keys = _fingerprints(values) if isinstance(missing, str) else np.asarray(values, np.int64)
        order = np.argsort(keys, kind="stable").astype(np.int32)
        keys = keys[order]
        if len(same := np.flatnonzero(keys[1:] == keys[:-1])):
            one, other = (values[order[place]] for place in (same[0], same[0] + 1))
            raise SchemaError(
                f"table `{table}`: the values {one!r} and {other!r} have the same fingerprint, so that the model could "
                "not tell them apart; rename one of them in the log"
            )
        # Strings are on the CPU wherever the model is.
        with tf.device("/CPU:0"):
            self._keys = tf.Variable(keys, trainable=False, name=f"{table}_keys")
            self._rows = tf.Variable(order + 2, trainable=False, name=f"{table}_rows")

    @property
    def resources(self) -> list[Any]:
        """The variables, which a SavedModel must hold beside its graph."""
        return [self._keys, self._rows]

    def __call__(self, values: Any) -> Any:
        """Looks values up.

        Args:
            values: Tensor of strings or int64, of any shape.

        Returns:
            int32 tensor of the same shape.
        """
        flat = tf.reshape(values, [-1])
        keys = tf.strings.to_hash_bucket_fast(flat, _FINGERPRINTS) if isinstance(self._missing, str) else flat
        known = tf.convert_to_tensor(self._keys)
        places = tf.minimum(tf.searchsorted(known, keys), self._keys.shape[0] - 1)
        rows = tf.where(tf.equal(tf.gather(known, places), keys), tf.gather(self._rows, places), 1)
        return tf.reshape(tf.where(tf.equal(flat, self._missing), 0, rows), tf.shape(values))


def _fingerprints(values: Sequence[Any]) -> NDArray[np.int64]:
    parts = [
        tf.strings.to_hash_bucket_fast(tf.constant(values[start : start + _CHUNK], tf.string), _FINGERPRINTS).numpy()
        for start in range(0, len(values), _CHUNK)
    ]
    return np.concatenate([*parts, np.zeros(0, np.int64)])
