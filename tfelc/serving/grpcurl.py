"""What grpcurl needs to call TensorFlow Serving, which does not tell it its messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt
from google.protobuf import descriptor_pb2, json_format
from tensorflow_serving.apis import prediction_service_pb2
from tensorflow_serving.apis.predict_pb2 import PredictRequest

from tfelc.serving.local_server.tensor_protos import fill_proto


def predict_message(name: str, signature: str, inputs: Mapping[str, npt.NDArray[Any]]) -> str:
    """A PredictRequest as JSON, in typed fields, which a person can read and edit.

    Args:
        name: The model's name.
        signature: The signature.
        inputs: Its inputs.
    """
    sent = PredictRequest()
    sent.model_spec.name, sent.model_spec.signature_name = name, signature
    for key, array in inputs.items():
        fill_proto(sent.inputs[key], array)
    return json_format.MessageToJson(sent, indent=None)


def service_descriptors() -> bytes:
    """The prediction service's file and all that it imports, the imported first: a protoset."""
    found = descriptor_pb2.FileDescriptorSet()
    seen: set[str] = set()

    def add(file: Any) -> None:
        if file.name in seen:
            return
        seen.add(file.name)
        for imported in file.dependencies:
            add(imported)
        file.CopyToProto(found.file.add())

    add(prediction_service_pb2.DESCRIPTOR)
    return found.SerializeToString()
