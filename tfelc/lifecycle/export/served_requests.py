"""The requests that servers have logged, as `tfelc serve --request-log` does: TFRecord files of PredictionLog."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from tfelc.core.errors import DataError
from tfelc.lifecycle.export.request_log import LoggedRequest, arrays_of


@dataclass(frozen=True, kw_only=True)
class ServedRequest(LoggedRequest):
    """A request that was answered, and what the server wrote of it.

    Attributes:
        where: Its place, for messages: the file, and the number of the record there.
        model: The model's name.
        version: The version that answered; None where the log does not say.
        request_id: The request's id, as `request_origin`; empty where the log has none.
        seconds: When it was, in seconds since 1970; 0 where the log does not say.
    """

    where: str
    model: str
    version: int | None
    request_id: str
    seconds: int


def log_files_of(sources: Sequence[str]) -> list[Path]:
    """The files of logs, the hidden ones, which are still being written, left out.

    Args:
        sources: Files, patterns, or folders, which stand for all of theirs in `.tfrecord`.

    Raises:
        DataError: There is none.
    """
    found: dict[Path, None] = {}
    for source in sources:
        path = Path(source)
        if path.is_dir():
            paths = sorted(each for each in path.rglob("*.tfrecord") if not each.name.startswith("."))
            if not paths:
                raise DataError(f"{source}: holds no *.tfrecord; name other files by a pattern, such as '{source}/*'")
        else:
            paths = [path] if path.is_file() else sorted(map(Path, glob.glob(source, recursive=True)))
            if not paths:
                raise DataError(f"{source}: no file matches")
        found |= dict.fromkeys(paths)
    return list(found)


def read_served(paths: Sequence[Path]) -> Iterator[ServedRequest | None]:
    """Reads logs, record by record; None stands for one of another call than Predict.

    Args:
        paths: The files, in order.

    Raises:
        DataError: A file is missing or damaged.
    """
    for path in paths:
        try:
            for number, record in enumerate(tf.data.TFRecordDataset(str(path)).as_numpy_iterator(), start=1):
                yield _served(PredictionLog.FromString(record), f"{path}, record {number}")
        except (tf.errors.OpError, DecodeError) as error:
            reason = error.message if isinstance(error, tf.errors.OpError) else str(error)
            raise DataError(f"{path}: not a readable log of requests: {' '.join(reason.split())}") from None


def _served(log: PredictionLog, where: str) -> ServedRequest | None:
    if log.WhichOneof("log_type") != "predict_log":
        return None
    request, response, about = log.predict_log.request, log.predict_log.response, log.log_metadata
    specs = (response.model_spec, about.model_spec, request.model_spec)
    versions = [spec.version.value for spec in specs if spec.WhichOneof("version_choice") == "version"]
    return ServedRequest(
        signature=request.model_spec.signature_name or "serving_default",
        inputs=arrays_of(request.inputs),
        outputs=arrays_of(response.outputs),
        where=where,
        model=next((spec.name for spec in specs if spec.name), ""),
        version=versions[0] if versions else None,
        request_id=about.request_origin,
        seconds=about.timestamp_secs,
    )
