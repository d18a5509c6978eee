"""A server to test: the one at CONFORMANCE_REST and CONFORMANCE_GRPC, or the local one, started for the occasion."""

import os
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import httpx
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import model_service_pb2_grpc, predict_pb2, prediction_service_pb2_grpc

from tests.serving.local_process import LocalProcess
from tfelc.serving import conformance_model

NAME = conformance_model.NAME
# Without it no label can be in the first config: labels are looked at before anything is loaded.
LABELS_MAY_WAIT = "--allow-version-labels-for-unavailable-models"
ROW = {"price": 1.5, "visits": 2, "country": "se", "tags": ["a", "b"]}


@dataclass
class Target:
    """A server under test, and short ways to call it."""

    rest: str
    grpc: str
    http: httpx.Client
    channel: grpc.Channel

    def post(self, path: str, body: Any) -> httpx.Response:
        """Posts JSON, or a body as it is."""
        address = f"{self.rest}/v1/models/{path}"
        if isinstance(body, str | bytes):
            return self.http.post(address, content=body)
        return self.http.post(address, json=body)

    def get(self, path: str) -> httpx.Response:
        """Gets below /v1/models/."""
        return self.http.get(f"{self.rest}/v1/models/{path}")

    def predict(self, **body: Any) -> httpx.Response:
        """Calls the conformance model's :predict."""
        return self.post(f"{NAME}:predict", body)

    @property
    def prediction(self) -> Any:
        """Stub of PredictionService."""
        return prediction_service_pb2_grpc.PredictionServiceStub(self.channel)

    @property
    def models(self) -> Any:
        """Stub of ModelService."""
        return model_service_pb2_grpc.ModelServiceStub(self.channel)


def refused(response: httpx.Response, status: int, words: str = "") -> None:
    """Asserts an answer of `{"error": ...}` with the given code and words."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/json")
    body = response.json()
    assert list(body) == ["error"]
    assert words in body["error"], body


def predict_request(signature: str = "", name: str = NAME, **inputs: Any) -> Any:
    """A PredictRequest of arrays; text becomes bytes."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return request


def arrays(response: Any) -> dict[str, np.ndarray]:
    """The outputs of a PredictResponse."""
    return {name: tf.make_ndarray(proto) for name, proto in response.outputs.items()}


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both versions of the conformance model and its models.config; not to be written to."""
    path = tmp_path_factory.mktemp("models") / NAME
    path.mkdir()
    for version in conformance_model.FACTORS:
        conformance_model.write_version(path, version)
    (path / "models.config").write_text(conformance_model.models_config(str(path)))
    return path


def target_at(rest: str, address: str) -> Target:
    """Connects to a server."""
    channel = grpc.insecure_channel(address, [("grpc.max_receive_message_length", -1)])
    return Target(rest.rstrip("/"), address, httpx.Client(timeout=30.0), channel)


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The server that the conformance suite calls."""
    rest, address = os.environ.get("CONFORMANCE_REST", ""), os.environ.get("CONFORMANCE_GRPC", "")
    if rest and address:
        yield target_at(rest, address)
        return
    folder = request.getfixturevalue("base")
    with LocalProcess("--config", str(folder / "models.config"), LABELS_MAY_WAIT) as process:
        yield target_at(process.rest, process.grpc)


def gauge(target: Any, name: str) -> float:
    """What a metric of the local server's own says."""
    text = target.http.get(f"{target.rest}/monitoring/prometheus/metrics").text
    return float(re.search(rf"^local_server_{name} (\S+)$", text, re.M)[1])


def returns_to_zero(target: Any, name: str, seconds: float = 20.0) -> bool:
    """Waits until a metric of the local server is 0."""
    deadline = time.monotonic() + seconds
    while gauge(target, name) and time.monotonic() < deadline:
        time.sleep(0.05)
    return gauge(target, name) == 0


def connection(target: Any, timeout: float = 20.0) -> socket.socket:
    """A bare connection to the server's REST port."""
    parts = urlsplit(target.rest)
    return socket.create_connection((parts.hostname, parts.port), timeout=timeout)
