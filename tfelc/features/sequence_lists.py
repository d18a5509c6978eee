"""The lists of a sequence, cut and padded alike so that their places stay together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.features.layout import SequenceFeature

Flat = NDArray[Any]


def padded_lists(sequence: SequenceFeature, lists: Mapping[str, pa.Array], flat: Mapping[str, Flat]) -> dict[str, Flat]:
    """Pads the lists of a sequence at the right, and keeps the last `max_length` places of each row.

    A place where all the lists are missing is as good as not there.

    Args:
        sequence: The sequence.
        lists: Column -> its lists, of which the lengths are looked at.
        flat: Column -> what stands for its values: ids in the fused table, or numbers, NaN where one is missing.

    Returns:
        Column -> array of shape `(rows, max_length)`.

    Raises:
        DataError: The lists of a row differ in length.
    """
    lengths = {name: pc.fill_null(pc.list_value_length(each), 0).to_numpy(False) for name, each in lists.items()}
    first, *others = sequence.columns
    for name in others:
        if len(bad := np.flatnonzero(lengths[name] != lengths[first])):
            raise DataError(
                f"column `{name}`: has {lengths[name][bad[0]]} values where `{first}` has {lengths[first][bad[0]]}, "
                f"with which it forms sequence `{sequence.name}`"
            )
    paddings = {feature.column: np.int32(feature.offset) for feature in sequence.lists}
    there = np.logical_or.reduce(
        [flat[name] != paddings[name] if name in paddings else np.isfinite(flat[name]) for name in sequence.columns]
    )
    counts = np.concatenate([[0], np.cumsum(there)])
    ends = counts[np.cumsum(lengths[first])]
    starts = np.concatenate([[0], ends[:-1]])
    places = np.maximum(starts, ends - sequence.max_length)[:, None] + np.arange(sequence.max_length)
    inside = places < ends[:, None]
    found = {}
    for name in sequence.columns:
        values = flat[name][there]
        padding = paddings.get(name, np.float32(np.nan))
        taken = values[np.minimum(places, max(len(values) - 1, 0))] if len(values) else padding
        found[name] = np.where(inside, taken, padding).astype(np.int32 if name in paddings else np.float32)
    return found


def last_places(sequence: SequenceFeature, values: Mapping[str, Any], missing: Mapping[str, Any]) -> dict[str, Any]:
    """Keeps the last `max_length` places of raw tensors; padding may stand anywhere, and goes first.

    Args:
        sequence: The sequence.
        values: Column -> tensor of shape `(rows, length)`.
        missing: Embedded column -> its value for "missing".
    """
    first, *others = sequence.columns
    length = tf.shape(values[first])[1]
    checks = [
        tf.debugging.assert_equal(
            tf.shape(values[name])[1],
            length,
            f"`{name}` must be as long as `{first}`, with which it forms sequence `{sequence.name}`",
        )
        for name in others
    ]
    with tf.control_dependencies([check for check in checks if check is not None]):
        values = {name: tf.identity(values[name]) for name in sequence.columns}
    there = tf.zeros(tf.shape(values[first]), tf.bool)
    for name, each in values.items():
        there |= tf.not_equal(each, missing[name]) if name in missing else tf.math.is_finite(each)

    def shorten() -> list[Any]:
        order = tf.argsort(tf.cast(there, tf.int32), axis=1, stable=True)[:, -sequence.max_length :]
        return [tf.gather(each, order, batch_dims=1) for each in values.values()]

    kept = tf.cond(length > sequence.max_length, shorten, lambda: list(values.values()))
    return dict(zip(values, kept, strict=True))
