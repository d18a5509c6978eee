"""A client of the gRPC API."""

from __future__ import annotations

import json
from typing import Any

import grpc
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from serving.client.call_error import CallError
from serving.client.client import Array, Client
from serving.client.inputs import Values, to_arrays

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
        >>> with GrpcClient("127.0.0.1:8500", "ranker") as client:
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
        if version is not None and label is not None:
            raise ValueError("give a version or a label, not both")
        request = predict_pb2.PredictRequest()
        request.model_spec.name = self._model
        request.model_spec.signature_name = signature
        if version is not None:
            request.model_spec.version.value = version
        elif label is not None:
            request.model_spec.version_label = label
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

    def _call(self, method: Any, request: Any, timeout: float | None) -> Any:
        try:
            return method(request, timeout=self._timeout if timeout is None else timeout)
        except grpc.RpcError as error:
            raise CallError(error.code().name, error.details() or "") from None
