"""Clients that call a server on this machine, each on one connection kept alive, for a bounded time."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Call = Callable[[], object]


@dataclass(frozen=True)
class Load:
    """What the clients met.

    Attributes:
        ended: When each answer came, in seconds of `time.perf_counter`.
        seconds: How long each took.
        wall: Seconds from the first request to the last answer.
        failures: What the requests that failed raised.
    """

    ended: npt.NDArray[np.float64]
    seconds: npt.NDArray[np.float64]
    wall: float
    failures: list[str]

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Several loads as one."""
        return cls(
            np.concatenate([part.ended for part in parts]),
            np.concatenate([part.seconds for part in parts]),
            sum(part.wall for part in parts),
            [failure for part in parts for failure in part.failures],
        )

    def percentiles(self) -> dict[str, float]:
        """Milliseconds that half, 95 % and 99 % of the requests kept to."""
        return percentiles(self.seconds)


def percentiles(seconds: npt.NDArray[np.float64]) -> dict[str, float]:
    """Median, 95th and 99th percentile in milliseconds; NaN of nothing."""
    points = np.percentile(seconds * 1e3, [50, 95, 99]) if len(seconds) else np.full(3, np.nan)
    return dict(zip(("p50", "p95", "p99"), points.tolist(), strict=True))


def drive(connect: Callable[[], Call], clients: int, seconds: float) -> Load:
    """Lets clients call in a closed loop: each sends its next request when it has the answer to its last.

    Args:
        connect: Makes one client's call; the call raises when it fails.
        clients: How many at once.
        seconds: How long.
    """
    stop = threading.Event()
    taken: list[list[tuple[float, float]]] = [[] for _ in range(clients)]
    failures: list[str] = []
    # A client's first request opens its connection, which is not what is measured.
    calls = [connect() for _ in range(clients)]
    for call in calls:
        call()

    def work(call: Call, mine: list[tuple[float, float]]) -> None:
        while not stop.is_set():
            started = time.perf_counter()
            try:
                call()
            except Exception as error:
                failures.append(f"{type(error).__name__}: {error}")
                # A refused connection fails at once; without a pause the loop would flood the machine.
                time.sleep(0.05)
                continue
            ended = time.perf_counter()
            mine.append((ended, ended - started))

    threads = [threading.Thread(target=work, args=pair) for pair in zip(calls, taken, strict=True)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    found = np.array([pair for mine in taken for pair in mine], np.float64).reshape(-1, 2)
    return Load(found[:, 0], found[:, 1], time.perf_counter() - started, failures)


def rest_client(host: str, port: int, path: str, body: bytes) -> Call:
    """A client that posts one body again and again."""
    import http.client

    connection = http.client.HTTPConnection(host, port, timeout=30)
    headers = {"Content-Type": "application/json"}

    def call() -> None:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {content[:200]!r}")

    return call


def grpc_client(address: str, request: bytes) -> Call:
    """A client that sends one serialized PredictRequest again and again."""
    import grpc

    channel = grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)])
    method: Any = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")

    def call() -> None:
        method(request, timeout=30)

    return call
