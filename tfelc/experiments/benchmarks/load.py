"""The local server under load: requests with real rows, and clients that each keep one connection alive."""

import contextlib
import http.client
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import ExportError

Call = Callable[[], object]
_HOST = "127.0.0.1"
_ITEMS = (1, 100, 500)


class Server(NamedTuple):
    """A local server: the folder that it watches, and where it listens, as `host:port`."""

    models: Path
    rest: str
    grpc: str


@contextlib.contextmanager
def served(version: Path, logged: float = 0.0) -> Iterator[Server]:
    """Serves a copy of an exported version, as version 1, on free ports, and logs so large a share of the requests."""
    with tempfile.TemporaryDirectory() as models, tempfile.TemporaryDirectory() as logs:
        shutil.copytree(version, f"{models}/1")
        command = [sys.executable, "-m", "tfelc.commands", "serve", "--base-path", models, "--name", "ranker"]
        options = ["--rest-port", "0", "--grpc-port", "0", "--host", _HOST]
        if logged:
            options += ["--request-log", logs, "--request-log-sample", str(logged), "--request-log-total-mib", "512"]
        process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            assert process.stdout is not None
            # ready: REST http://HOST:PORT gRPC HOST:PORT
            line = process.stdout.readline().split()
            if not line:
                raise RuntimeError("the local server did not start; start it by hand to see why")
            yield Server(Path(models), line[2].removeprefix("http://"), line[4])
        finally:
            process.terminate()
            process.wait(30)


def requests_of(version: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """One row, and rankings of each size, from the rows that the version warms up with: (signature, items) -> inputs.

    Raises:
        ExportError: The warm-up file lacks a signature.
    """
    from tfelc.lifecycle.export.request_log import read_requests
    from tfelc.lifecycle.export.warmup import WARMUP_FILE
    from tfelc.ranker.export.feature_manifest import FeatureManifest

    by_size = sorted(read_requests(version / WARMUP_FILE), key=lambda request: max(map(len, request.inputs.values())))
    largest = {request.signature: request.inputs for request in by_size}
    if not {"serving_default", "rank"} <= largest.keys():
        raise ExportError(f"{version}: its warm-up file lacks `serving_default` or `rank`")
    shapes = FeatureManifest.load(version).signatures["rank"]["inputs"]
    requests = {("serving_default", 1): {name: array[:1] for name, array in largest["serving_default"].items()}}
    for items in _ITEMS:
        requests["rank", items] = {
            name: array if shapes[name]["shape"][0] == 1 else array[np.arange(items) % len(array)]
            for name, array in largest["rank"].items()
        }
    return requests


def connectors(server: Server, signature: str, inputs: dict[str, Any]) -> dict[str, Callable[[], Call]]:
    """For each protocol, what makes a client that sends the request again and again; its call raises when it fails."""
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis.predict_pb2 import PredictRequest

    from tfelc.ranker.export.requests import json_request

    body = json_request(signature, inputs).encode()
    request = PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "ranker", signature
    for name, array in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
    sent = request.SerializeToString()

    def rest_client() -> Call:
        connection = http.client.HTTPConnection(server.rest, timeout=30)

        def call() -> None:
            connection.request("POST", "/v1/models/ranker:predict", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{answer.status} {content[:200]!r}")

        return call

    def grpc_client() -> Call:
        channel = grpc.insecure_channel(server.grpc, [("grpc.use_local_subchannel_pool", 1)])
        method: Any = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
        return lambda: method(sent, timeout=30)

    return {"REST": rest_client, "gRPC": grpc_client}


class Load:
    """Clients in a closed loop: each sends its next request when it has the answer to its last.

    Args:
        calls: One for each client.

    Attributes:
        failures: What the requests that failed raised.
    """

    def __init__(self, calls: Sequence[Call]) -> None:
        self._calls = calls
        self._answers: list[tuple[float, float]] = []
        self._wall = self._cpu = 0.0
        self.failures: list[str] = []
        # A client's first request opens its connection, which is not what is measured.
        for call in calls:
            call()

    def drive(self, seconds: float) -> None:
        """Lets the clients call for so long; what they meet adds up."""
        stop = threading.Event()
        threads = [threading.Thread(target=self._work, args=(call, stop)) for call in self._calls]
        began, cpu = time.perf_counter(), time.process_time()
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        stop.set()
        for thread in threads:
            thread.join()
        self._wall += time.perf_counter() - began
        self._cpu += time.process_time() - cpu

    def _work(self, call: Call, stop: threading.Event) -> None:
        while not stop.is_set():
            began = time.perf_counter()
            try:
                call()
            except Exception as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                # A refused connection fails at once; without a pause the loop would flood the machine.
                time.sleep(0.05)
            else:
                self._answers.append((began, time.perf_counter()))

    @property
    def times(self) -> NDArray[np.float64]:
        """When each answered request was sent, and when its answer came, by `time.perf_counter`, `(2, requests)`."""
        return np.array(self._answers, np.float64).reshape(-1, 2).T

    def figures(self, items: int) -> dict[str, float]:
        """Percentiles and this process's CPU time a request, in ms; rate and failures of requests for so many items."""
        rate = items * len(self._answers) / self._wall
        cpu = 1e3 * self._cpu / max(len(self._answers), 1)
        return {**percentiles(self.times), "cpu_ms": cpu, "rows_per_s": rate, "failed": len(self.failures)}


def percentiles(times: NDArray[np.float64]) -> dict[str, float]:
    """Median, 95th and 99th percentile of how long the requests took, in milliseconds; NaN of none."""
    seconds = times[1] - times[0]
    points = np.percentile(seconds * 1e3, [50, 95, 99]) if len(seconds) else np.full(3, np.nan)
    return dict(zip(("p50", "p95", "p99"), points.tolist(), strict=True))
