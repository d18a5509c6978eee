"""A client of the gRPC API."""

from __future__ import annotations

from collections.abc import Mapping
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
from tfelc.serving.client.client import Array, Client, Token, Which
from tfelc.serving.client.connections import is_loopback
from tfelc.serving.client.deadline import Deadline
from tfelc.serving.client.outputs import from_grpc
from tfelc.serving.client.signature import Signature, Signatures, Tensor
from tfelc.serving.client.tls import Tls

_OPTIONS: list[tuple[str, int]] = [
    # The client tries again by itself, until its deadline; gRPC would stop after five attempts.
    ("grpc.enable_retries", 0),
    # Else a server that was away for a minute is not looked for again before the next minute.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # gRPC's own limit of 4 MiB is soon met by the answer to a large request.
    ("grpc.max_receive_message_length", 256 * 2**20),
    ("grpc.max_send_message_length", -1),
]


class GrpcClient(Client):
    """Calls a model on one connection, which many calls share; see `Client` for what both clients do.

    The proxy that the environment names is used, but never for the loopback.

    Args:
        address: As in `127.0.0.1:8500`.
        model: The model's name. Defaults to `ranker`.
        timeout: Seconds for a call, all its attempts together; the server gets it as the deadline. Defaults to 5.
        tls: Certificates; `Tls()` trusts the system's. Defaults to None: a connection without encryption.
        token: A bearer token, or a function that gives it. Defaults to none.
        headers: Sent with each request, as metadata. Defaults to none.

    Example:
        >>> with GrpcClient("127.0.0.1:8500", "ranker") as client:  # doctest: +SKIP
        ...     client.rank(user={"age": 31.0}, items={"video_id": ["v1", "v2"]})["ctr"]
    """

    def __init__(
        self,
        address: str,
        model: str = "ranker",
        timeout: float = 5.0,
        *,
        tls: Tls | None = None,
        token: Token | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(model, timeout, token, headers)
        direct = is_loopback(address.rpartition(":")[0].strip("[]"))
        options = [*_OPTIONS, ("grpc.enable_http_proxy", int(not direct))]
        if tls is None:
            self._channel = grpc.insecure_channel(address, options)
        else:
            self._channel = grpc.secure_channel(address, tls.credentials(), options)
        self._prediction = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def _ask(
        self, which: Which, name: str, signature: Signature, arrays: Mapping[str, Array], deadline: Deadline
    ) -> dict[str, Array]:
        request = predict_pb2.PredictRequest()
        self._set_spec(request.model_spec, which)
        request.model_spec.signature_name = name
        for key, array in arrays.items():
            proto = tf.make_tensor_proto(array, signature.inputs[key].dtype, array.shape)
            request.inputs[key].CopyFrom(proto)
        response = self._call(self._prediction.Predict, request, deadline)
        return {key: from_grpc(key, tf.make_ndarray(proto)) for key, proto in response.outputs.items()}

    def _ask_status(self, deadline: Deadline) -> dict[int, str]:
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = self._model
        name_of = get_model_status_pb2.ModelVersionStatus.State.Name
        listed = self._call(self._models.GetModelStatus, request, deadline).model_version_status
        return {entry.version: name_of(entry.state) for entry in listed}

    def _ask_signatures(self, which: Which, deadline: Deadline) -> Signatures:
        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        self._set_spec(request.model_spec, which)
        answer = self._call(self._prediction.GetModelMetadata, request, deadline)
        found = get_model_metadata_pb2.SignatureDefMap()
        answer.metadata["signature_def"].Unpack(found)
        return {
            name: Signature(_tensors(definition.inputs), _tensors(definition.outputs))
            for name, definition in found.signature_def.items()
        }

    def _set_spec(self, spec: Any, which: Which) -> None:
        spec.name = self._model
        if which.version is not None:
            spec.version.value = which.version
        elif which.label is not None:
            spec.version_label = which.label

    def _call(self, method: Any, request: Any, deadline: Deadline) -> Any:
        try:
            headers = tuple(self._headers(deadline).items())
            return method(request, timeout=max(deadline.left(), 0.001), metadata=headers)
        except grpc.RpcError as error:
            raise CallError(error.code().name, error.details() or "") from None


def _tensors(infos: Mapping[str, Any]) -> dict[str, Tensor]:
    found = {}
    for name, info in infos.items():
        sizes = [dim.size for dim in info.tensor_shape.dim]
        dtype = types_pb2.DataType.Name(info.dtype)
        found[name] = Tensor.of(dtype, None if info.tensor_shape.unknown_rank else sizes)
    return found
