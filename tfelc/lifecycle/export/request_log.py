"""Requests with their answers as TensorFlow Serving logs them: TFRecord files of PredictionLog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from tfelc.core.errors import ExportError

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class LoggedRequest:
    """One request to a signature.

    Attributes:
        signature: The signature's name.
        inputs: Input name -> array; strings as `object` arrays of bytes.
        outputs: Output name -> array, the answer. Empty where only the request matters.
    """

    signature: str
    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array] = field(default_factory=dict)


def write_requests(path: Path, requests: Iterable[LoggedRequest], model_name: str = "tfelc") -> None:
    """Writes a TFRecord file of PredictionLog."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for request in requests:
            log = PredictionLog()
            sent = log.predict_log.request
            sent.model_spec.name = model_name
            sent.model_spec.signature_name = request.signature
            _fill(sent.inputs, request.inputs)
            _fill(log.predict_log.response.outputs, request.outputs)
            writer.write(log.SerializeToString())


def read_requests(path: Path) -> Iterator[LoggedRequest]:
    """Reads what `write_requests` wrote.

    Raises:
        ExportError: The file is missing or damaged.
    """
    try:
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            log = PredictionLog.FromString(record).predict_log
            yield LoggedRequest(
                log.request.model_spec.signature_name, arrays_of(log.request.inputs), arrays_of(log.response.outputs)
            )
    except (tf.errors.OpError, DecodeError) as error:
        raise ExportError(f"{path}: not a readable file of request records: {error}") from error


def _fill(protos: Any, arrays: Mapping[str, Array]) -> None:
    for name, array in arrays.items():
        protos[name].CopyFrom(tf.make_tensor_proto(array))


def arrays_of(protos: Any) -> dict[str, Array]:
    """The tensors of a message by name."""
    return {name: tf.make_ndarray(proto) for name, proto in sorted(protos.items())}
