"""Runs a version's own warm-up requests before it takes others."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import prediction_log_pb2

from tfelc.serving.local_server import inference
from tfelc.serving.local_server.servable import Servable
from tfelc.serving.local_server.serving_error import ServingError

_FILE = Path("assets.extra") / "tf_serving_warmup_requests"
_MAX_RECORDS = 1000


def warm_up(servable: Servable, path: Path) -> int:
    """Runs the records of the version's folder and returns how many there were.

    Raises:
        ServingError: A record cannot be read or fails, or there are more than 1,000. As in TensorFlow Serving, the
            version then does not come up.
    """
    file = path / _FILE
    if not file.is_file():
        return 0
    count = 0
    try:
        for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
            count += 1
            if count > _MAX_RECORDS:
                raise ServingError.invalid(f"Number of warmup records exceeds the maximum ({_MAX_RECORDS}) at {file}")
            _run(servable, record, file)
    except tf.errors.OpError as error:
        raise ServingError.of(error) from error
    return count


def _run(servable: Servable, record: bytes, file: Path) -> None:
    try:
        log = prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError:
        raise ServingError.invalid(f"Failed to parse warmup record from {file}") from None
    kind = log.WhichOneof("log_type")
    if kind == "predict_log":
        inference.predict(servable, log.predict_log.request)
    elif kind == "classify_log":
        inference.classify(servable, log.classify_log.request)
    elif kind == "regress_log":
        inference.regress(servable, log.regress_log.request)
    elif kind == "multi_inference_log":
        inference.multi_inference(servable, log.multi_inference_log.request)
    else:
        raise ServingError.invalid(f"Unsupported log_type for warmup: {kind} in {file}")
