"""Reads TensorFlow Serving's text files: models, batching and monitoring."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2
from tensorflow_serving.config import model_server_config_pb2

from tfelc.core.errors import ConfigError
from tfelc.serving.local_server.model_config import ModelConfig
from tfelc.serving.local_server.serving_error import ServingError

_PACKAGE = "tfelc.serving"
_INT64 = "google.protobuf.Int64Value"
_BOOL = "google.protobuf.BoolValue"
# tensorflow-serving-api leaves these two messages out; the fields are those of session_bundle_config.proto and
# monitoring_config.proto.
_BATCHING = {
    "max_batch_size": _INT64,
    "batch_timeout_micros": _INT64,
    "max_enqueued_batches": _INT64,
    "num_batch_threads": _INT64,
    "thread_pool_name": "google.protobuf.StringValue",
    "allowed_batch_sizes": "repeated int64",
    "pad_variable_length_inputs": "bool",
    "enable_large_batch_splitting": _BOOL,
}


def read_models(path: Path) -> list[ModelConfig]:
    """The models of a models.config file; raises ConfigError when it is not one."""
    config = _parse(path, model_server_config_pb2.ModelServerConfig())
    try:
        return models_of(config)
    except ServingError as error:
        raise ConfigError(f"{path}: {error.message}") from None


def models_of(config: Any) -> list[ModelConfig]:
    """The models of a `ModelServerConfig`; raises ServingError when it is not a list of models, or names one twice."""
    if config.WhichOneof("config") != "model_config_list":
        raise ServingError.invalid("ModelServerConfig type not supported. Only ModelConfigList is currently supported")
    models = [ModelConfig.from_proto(entry) for entry in config.model_config_list.config]
    names = [model.name for model in models]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ServingError.invalid(f"Illegal to list model {repeated[0]} multiple times in config list")
    return models


def read_batching(path: Path) -> Any:
    """A batching.config file as a message with the fields of `BatchingParameters`."""
    return _parse(path, _messages()["BatchingParameters"]())


def read_monitoring(path: Path) -> Any:
    """A monitoring.config file as a message with `prometheus_config`, which has `enable` and `path`."""
    return _parse(path, _messages()["MonitoringConfig"]())


def _parse(path: Path, message: Any) -> Any:
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), message)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise ConfigError(f"{path}: not a text file of this kind: {' '.join(str(error).split())}") from error


@cache
def _messages() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="tfelc_serving_config.proto", package=_PACKAGE, syntax="proto3")
    file.dependency.append(wrappers_pb2.DESCRIPTOR.name)
    _add(file, "BatchingParameters", _BATCHING)
    _add(file, "PrometheusConfig", {"enable": "bool", "path": "string"})
    _add(file, "MonitoringConfig", {"prometheus_config": f"{_PACKAGE}.PrometheusConfig"})
    pool: Any = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    names = ("BatchingParameters", "MonitoringConfig")
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in names}


def _add(file: Any, name: str, fields: dict[str, str]) -> None:
    kinds = descriptor_pb2.FieldDescriptorProto
    message = file.message_type.add(name=name)
    for number, (field, kind) in enumerate(fields.items(), start=1):
        added = message.field.add(name=field, number=number, label=kinds.LABEL_OPTIONAL)
        if kind.startswith("repeated "):
            added.label, kind = kinds.LABEL_REPEATED, kind.removeprefix("repeated ")
        if "." in kind:
            added.type, added.type_name = kinds.TYPE_MESSAGE, f".{kind}"
        else:
            added.type = {"bool": kinds.TYPE_BOOL, "string": kinds.TYPE_STRING, "int64": kinds.TYPE_INT64}[kind]
