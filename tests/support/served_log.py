"""Logs of requests as a server writes them, made of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from tfelc.ranker.export.requests import request_inputs
from tfelc.schema.schema import Schema


def record(
    inputs: Mapping[str, Any],
    signature: str = "serving_default",
    outputs: Mapping[str, Any] | None = None,
    request_id: str = "",
    seconds: int = 0,
    version: int | None = None,
) -> bytes:
    """One record."""
    log = PredictionLog()
    log.predict_log.request.model_spec.name = "ranker"
    log.predict_log.request.model_spec.signature_name = signature
    for protos, arrays in ((log.predict_log.request.inputs, inputs), (log.predict_log.response.outputs, outputs or {})):
        for name, array in arrays.items():
            protos[name].CopyFrom(tf.make_tensor_proto(array))
    log.log_metadata.request_origin = request_id
    log.log_metadata.timestamp_secs = seconds
    if version is not None:
        log.log_metadata.model_spec.version.value = version
    return log.SerializeToString()


def write_log(path: Path, records: Sequence[bytes]) -> Path:
    """Writes a file, and gives its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for each in records:
            writer.write(each)
    return path


def records_of(schema: Schema, rows: Any, signature: str, size: int, **others: Any) -> list[bytes]:
    """Requests of `size` rows each, called `r0`, `r1` and so on."""
    return [
        record(
            request_inputs(schema, signature, rows.slice(start, size)),
            signature,
            request_id=f"r{start // size}",
            **others,
        )
        for start in range(0, len(rows), size)
    ]
