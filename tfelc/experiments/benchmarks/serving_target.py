"""A model to measure, requests to it with real rows, and the local server that serves it."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tfelc.experiments.benchmarks.load import Call, grpc_client, rest_client

HOST = "127.0.0.1"
ITEMS = (1, 100, 500)
Requests = dict[tuple[str, int], dict[str, Any]]


def make_model(folder: Path) -> Path:
    """A small model by way of the project's own commands."""
    base = folder / "exports"
    for command in (
        ["prepare", "simulated", "--rows", "20000", "--out", str(folder / "data")],
        ["train", "--task", "ctr,cvr", "--data", str(folder / "data"), "--run", str(folder / "run")]
        + ["--set", "training.epochs=1"],
        ["export", "--run", str(folder / "run"), "--to", str(base)],
    ):
        subprocess.run([sys.executable, "-m", "tfelc.commands", *command], check=True, stdout=subprocess.DEVNULL)
    return base


def newest_version(base: Path) -> Path:
    """The folder of the highest version; raises UsageError where there is none."""
    from tfelc.core.errors import UsageError
    from tfelc.lifecycle.export.versions import list_versions

    versions = list_versions(base)
    if not versions:
        raise UsageError(f"{base}: holds no exported version")
    return base / str(versions[-1])


def read_rows(version: Path) -> Requests:
    """One row, and rankings of each size, from the rows that the version warms up with."""
    import numpy as np

    from tfelc.core.errors import ExportError
    from tfelc.lifecycle.export.request_log import read_requests
    from tfelc.lifecycle.export.warmup import WARMUP_FILE
    from tfelc.ranker.export.feature_manifest import FeatureManifest

    largest: dict[str, Any] = {}
    for request in read_requests(version / WARMUP_FILE):
        rows = max(len(array) for array in request.inputs.values())
        if rows > largest.get(request.signature, (0, None))[0]:
            largest[request.signature] = (rows, request.inputs)
    if not {"serving_default", "rank"} <= largest.keys():
        raise ExportError(f"{version}: its warm-up file lacks `serving_default` or `rank`")
    shapes = FeatureManifest.load(version).signatures["rank"]["inputs"]
    requests = {("serving_default", 1): {name: array[:1] for name, array in largest["serving_default"][1].items()}}
    for items in ITEMS:
        requests["rank", items] = {
            name: array if shapes[name]["shape"][0] == 1 else array[np.arange(items) % len(array)]
            for name, array in largest["rank"][1].items()
        }
    return requests


@contextlib.contextmanager
def local_server(models: Path) -> Iterator[tuple[int, str]]:
    """Starts the local server on free ports, and ends it; gives the REST port and the gRPC address."""
    command = [sys.executable, "-m", "tfelc.commands", "serve", "--base-path", str(models), "--name", "ranker"]
    options = ["--rest-port", "0", "--grpc-port", "0", "--host", HOST]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline().split()
        if not line:
            raise RuntimeError("the local server did not start; start it by hand to see why")
        yield int(line[2].rsplit(":", 1)[1]), line[4]
    finally:
        process.terminate()
        process.wait(30)


def connectors(
    signature: str, inputs: dict[str, Any], rest_port: int, grpc_address: str
) -> dict[str, Callable[[], Call]]:
    """For each protocol, what makes a client that sends the request."""
    import tensorflow as tf
    from tensorflow_serving.apis.predict_pb2 import PredictRequest

    columns = {name: _plain(array.tolist()) for name, array in inputs.items()}
    body = json.dumps({"signature_name": signature, "inputs": columns}).encode()
    request = PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "ranker", signature
    for name, array in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
    sent = request.SerializeToString()
    return {
        "REST": lambda: rest_client(HOST, rest_port, "/v1/models/ranker:predict", body),
        "gRPC": lambda: grpc_client(grpc_address, sent),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.decode() if isinstance(value, bytes) else value
