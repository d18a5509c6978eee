"""TFRecord files of tf.Example records as Arrow tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf

from tfelc.core.errors import DataError
from tfelc.schema.column import Column

_TYPES = {"float": tf.float32, "integer": tf.int64, "string": tf.string}
# A label lies in a record as a whole number or as a float; the model needs neither.
_BY_KIND = {
    "number": tf.float32,
    "label": tf.int64,
    "weight": tf.float32,
    "timestamp": tf.int64,
    "event_time": tf.int64,
    "group": tf.string,
}


def check_tfrecord(path: str) -> None:
    """Reads the first record; raises DataError where there is none."""
    if next(iter(read_tfrecord(path, 1)), None) is None:
        raise DataError(f"{path}: the file has no records")


def read_tfrecord(path: str, batch: int) -> Iterator[list[bytes]]:
    """Reads serialized records, `batch` at a time.

    Args:
        path: Local path, or a URL that fsspec opens; of the latter a copy is kept while the process lives. A name in
            .gz is decompressed.
        batch: Records at a time.

    Raises:
        DataError: The file is truncated or damaged.
    """
    compression = "GZIP" if path.endswith(".gz") else ""
    try:
        for records in tf.data.TFRecordDataset(_local(path), compression, 1 << 22).batch(batch).as_numpy_iterator():
            yield records.tolist()
    except tf.errors.OpError as error:
        raise DataError(f"{path}: not a readable tfrecord file: {error.message}") from None


def parse_records(records: list[bytes], columns: Mapping[str, Column]) -> tuple[pa.Table, dict[int, str]]:
    """Parses tf.Example records.

    Args:
        records: Serialized records.
        columns: Columns wanted; a record may lack any of them, which is a null.

    Returns:
        The columns as the records hold them, null for one that cannot be parsed, and record -> why it could not.
    """
    features = {name: tf.io.RaggedFeature(_dtype(column)) for name, column in columns.items()}
    faults: dict[int, str] = {}
    try:
        parsed = tf.io.parse_example(records, features)
    except tf.errors.OpError:
        whole = [_parses(record, features) for record in records]
        faults = {row: reason for row, reason in enumerate(whole) if reason is not None}
        empty = tf.train.Example().SerializeToString()
        parsed = tf.io.parse_example([empty if row in faults else each for row, each in enumerate(records)], features)
    return pa.table({name: _column(parsed[name], column) for name, column in columns.items()}), faults


def _parses(record: bytes, features: Mapping[str, Any]) -> str | None:
    try:
        tf.io.parse_example([record], features)
    except tf.errors.OpError as error:
        # Without the kernel's own name in front.
        return " ".join(str(error.message).rsplit("}} ", 1)[-1].split())[:200]
    return None


def _dtype(column: Column) -> Any:
    if column.kind == "number" and column.value_type == "integer":
        return tf.int64
    return _BY_KIND.get(column.kind) or _TYPES[column.value_type]


def _column(ragged: Any, column: Column) -> pa.Array:
    splits = ragged.row_splits.numpy()
    values = ragged.flat_values.numpy()
    if column.is_listed:
        flat = pa.array(values, pa.binary()) if values.dtype == object else pa.array(values)
        return pa.ListArray.from_arrays(pa.array(splits, pa.int32()), flat)
    # Of several values the first counts, as in the served model.
    present = np.diff(splits) > 0
    places = np.where(present, splits[:-1], 0)
    taken = pa.array(values, pa.binary()) if values.dtype == object else pa.array(values)
    return taken.take(pa.array(places, mask=~present))


def _local(path: str) -> str:
    if "://" not in path:
        return path
    import fsspec

    return str(fsspec.open_local(f"simplecache::{path}", mode="rb"))
