"""A client of the gRPC API."""

from __future__ import annotations

import json
from typing import Any

import grpc
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from tfelc.serving.client.call_error import CallError
from tfelc.serving.client.client import Array, Client
from tfelc.serving.client.inputs import Values, to_arrays

# gRPC's own retries: it knows which attempts never reached the server.
_RETRIES = {
    "methodConfig": [
        {
            "name": [
                {"service": "tensorflow.serving.PredictionService"},
                {"service": "tensorflow.serving.ModelService"},
            ],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.05s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}
_OPTIONS = [
    ("grpc.enable_retries", 1),
    ("grpc.service_config", json.dumps(_RETRIES)),
    # gRPC's own limit of 4 MiB is soon met by the answer to a large request.
    ("grpc.max_receive_message_length", 256 * 2**20),
    ("grpc.max_send_message_length", -1),
]


class GrpcClient(Client):
    """Calls a model, and tries again, with growing pauses, where the server was not to be had.

    One client may be used by several threads.

    Args:
        address: As in `127.0.0.1:8500`.
        model: The model's name.
        timeout: Seconds for a call, all its attempts together; the server gets it as the deadline. Defaults to 5.

    Example:
        >>> with GrpcClient("127.0.0.1:8500", "ranker") as client:  # doctest: +SKIP
        ...     client.rank(user={"age": 31.0}, items={"video_id": ["v1", "v2"]})["ctr"]
    """

    def __init__(self, address: str, model: str = "ranker", timeout: float = 5.0) -> None:
        self._model = model
        self._timeout = timeout
        self._channel = grpc.insecure_channel(address, _OPTIONS)
        self._prediction = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)

    def predict(
        self,
        inputs: Values,
        signature: str = "serving_default",
        version: int | None = None,
        label: str | None = None,
        timeout: float | None = None,
    ) -> dict[str, Array]:
        """Calls a signature as `Client` says."""
        request = predict_pb2.PredictRequest()
        self._set_spec(request.model_spec, version, label)
        request.model_spec.signature_name = signature
        for name, array in to_arrays(inputs).items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
        response = self._call(self._prediction.Predict, request, timeout)
        return {name: tf.make_ndarray(proto) for name, proto in response.outputs.items()}

    def status(self, timeout: float | None = None) -> dict[int, str]:
        """The model's versions and their states, as in `{3: "AVAILABLE"}`."""
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = self._model
        name_of = get_model_status_pb2.ModelVersionStatus.State.Name
        listed = self._call(self._models.GetModelStatus, request, timeout).model_version_status
        return {entry.version: name_of(entry.state) for entry in listed}

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def _id_type(self, version: int | None, label: str | None, timeout: float | None) -> type:
        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        self._set_spec(request.model_spec, version, label)
        answer = self._call(self._prediction.GetModelMetadata, request, timeout)
        found = get_model_metadata_pb2.SignatureDefMap()
        answer.metadata["signature_def"].Unpack(found)
        # Of a model without the signature the call that follows says so.
        inputs = found.signature_def["recommend"].inputs if "recommend" in found.signature_def else {}
        return int if "history" in inputs and inputs["history"].dtype == types_pb2.DT_INT64 else str

    def _set_spec(self, spec: Any, version: int | None, label: str | None) -> None:
        if version is not None and label is not None:
            raise ValueError("give a version or a label, not both")
        spec.name = self._model
        if version is not None:
            spec.version.value = version
        elif label is not None:
            spec.version_label = label

    def _call(self, method: Any, request: Any, timeout: float | None) -> Any:
        try:
            return method(request, timeout=self._timeout if timeout is None else timeout)
        except grpc.RpcError as error:
            raise CallError(error.code().name, error.details() or "") from None
