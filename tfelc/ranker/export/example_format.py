"""Rows as serialized tf.Example records: written for requests, parsed inside the exported graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.ranker.export.present_values import present_values
from tfelc.ranker.export.signatures import input_specs, missing_value
from tfelc.schema.schema import Schema

Array = npt.NDArray[Any]


def parse_examples(schema: Schema, serialized: Any) -> dict[str, Any]:
    """Parses records in the graph.

    A feature that a record lacks, or holds no value for, is missing. Of several values for a number or a category the
    first counts.

    Args:
        schema: The features wanted; others in a record are passed over.
        serialized: String tensor of shape `(rows,)`.

    Returns:
        Feature -> tensor as `serving_default` takes it; lists are padded to the longest.
    """
    specs = input_specs(schema)[SERVING_DEFAULT]
    # Fixed-length parsing refuses a feature that is there without a value, and with it the whole request.
    parsed = tf.io.parse_example(serialized, {name: tf.io.RaggedFeature(spec.dtype) for name, spec in specs.items()})
    columns = {}
    for name, spec in specs.items():
        missing = tf.constant(missing_value(schema.columns[name]), spec.dtype)
        if schema.columns[name].kind == "vector":
            columns[name] = _vectors(name, parsed[name], int(spec.shape[1]))
        elif spec.shape.rank == 2:
            columns[name] = parsed[name].to_tensor(missing)
        else:
            columns[name] = parsed[name].to_tensor(missing, shape=[None, 1])[:, 0]
    return columns


def _vectors(name: str, ragged: Any, width: int) -> Any:
    lengths = ragged.row_lengths()
    told = f"`{name}` is a vector of {width} numbers: a record must have as many, or none"
    check = tf.debugging.Assert(tf.reduce_all((lengths == 0) | (lengths == width)), [told, lengths])
    # Eager execution has nothing that waits for the check, and has already made it.
    with tf.control_dependencies([] if check is None else [check]):
        return ragged.to_tensor(float("nan"), shape=[None, width])


def write_examples(schema: Schema, columns: Mapping[str, Array]) -> Array:
    """Serializes rows; what is missing is left out.

    Args:
        schema: The features.
        columns: Feature -> array as `serving_default` takes it.

    Returns:
        Records as an object array of bytes, `(rows,)`.
    """
    present = {name: present_values(schema.columns[name], array) for name, array in columns.items()}
    for sequence in schema.sequences.values():
        # A place stays where any of its lists has a value.
        together: Array = np.logical_or.reduce([present[name] for name in sequence.columns])
        present |= dict.fromkeys(sequence.columns, together)
    features = {name: _features(array, present[name]) for name, array in columns.items()}
    rows = zip(*features.values(), strict=True)
    records = []
    for row in rows:
        feature = {name: value for name, value in zip(features, row, strict=True) if value is not None}
        records.append(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
    return np.array(records, object)


def _features(array: Array, present: Array) -> list[Any]:
    rows = array if array.ndim == 2 else array[:, None]
    kept = (values[there] for values, there in zip(rows, present.reshape(rows.shape), strict=True))
    return [_feature(values) if len(values) else None for values in kept]


def _feature(values: Array) -> Any:
    if values.dtype == object:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values.tolist()))
    if values.dtype == np.float32:
        return tf.train.Feature(float_list=tf.train.FloatList(value=values.tolist()))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values.tolist()))
