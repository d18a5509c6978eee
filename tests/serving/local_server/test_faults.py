"""What a hostile, careless or unlucky client or operator does to the server; it survives all of it."""

import concurrent.futures
import json
import signal
import socket
import time
from urllib.parse import urlsplit

import grpc
import httpx
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow_serving.apis import get_model_status_pb2

from tests.serving.conftest import (
    LABELS_MAY_WAIT,
    NAME,
    ROW,
    arrays,
    connection,
    gauge,
    predict_request,
    refused,
    returns_to_zero,
    target_at,
)
from tests.serving.local_process import LocalProcess

# About half a second on an idle core, where a step takes 25 microseconds.
STEPS = 20_000
SLOW = {"signature_name": "slow", "inputs": {"steps": [STEPS]}}
LIMITS = ("--workers", "2", "--queue", "3", "--timeout", "2", "--max-body-mib", "12", "--poll", "0.1")


@pytest.fixture(scope="module")
def process(base):
    with LocalProcess("--config", str(base / "models.config"), LABELS_MAY_WAIT, *LIMITS) as started:
        yield started


@pytest.fixture
def server(process):
    """A server with tight limits, which must still answer after each test."""
    target = target_at(process.rest, process.grpc)
    yield target
    assert returns_to_zero(target, "admitted_requests")
    assert target.predict(instances=[ROW]).status_code == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\xa7\x00garbage" * 1_100_000, "JSON Parse error"),
        (b'{"instances": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "JSON Parse error"),
        (b'{"instances": [' + b'{"a":' * 100_000, "JSON Parse error"),
        (b'{"inputs": ' + b"[" * 40 + b"1.0" + b"]" * 40 + b', "signature_name": "single"}', "level"),
        (b'{"signature_name": "single", "instances": [' + b"9" * 1_000_000 + b"]}", ""),
    ],
)
def test_bodies_meant_to_hurt(server, body, words):
    refused(server.post(f"{NAME}:predict", body), 400, words)
    for method in ("classify", "regress"):
        refused(server.post(f"{NAME}:{method}", body), 400)


def test_a_body_too_large(server):
    refused(server.post(f"{NAME}:predict", b" " * (13 * 2**20)), 413)

    def pieces():
        for _ in range(13):
            yield b" " * 2**20

    try:
        answer = server.http.post(f"{server.rest}/v1/models/{NAME}:predict", content=pieces())
    except httpx.WriteError:
        return  # the server may hang up before the last piece
    refused(answer, 413)


def test_a_message_too_large(server):
    request = predict_request("single", x=np.zeros(4_000_000, np.float32))
    with pytest.raises(grpc.RpcError) as caught:
        server.prediction.Predict(request, timeout=20)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_tensor_of_few_bytes_that_claims_all_memory(server):
    request = predict_request("single", x=np.zeros(1, np.float32))
    proto = request.inputs["x"]
    proto.Clear()
    proto.dtype = 1
    for _ in range(4):
        proto.tensor_shape.dim.add().size = 100_000
    proto.float_val.append(1.0)
    with pytest.raises(grpc.RpcError) as caught:
        server.prediction.Predict(request, timeout=20)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_a_key_given_twice(server):
    row = json.dumps(ROW)[:-1] + ', "price": 2.0}'
    answer = server.post(f"{NAME}:predict", f'{{"instances": [{row}]}}')
    assert answer.status_code in (200, 400)


def test_a_full_queue_refuses_and_recovers(server):
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        codes = [answer.status_code for answer in pool.map(lambda _: server.predict(**SLOW), range(12))]
        assert codes.count(429) >= 12 - 5
    assert set(codes) <= {200, 429, 504}


def test_a_full_queue_refuses_grpc_too(server):
    request = predict_request("slow", steps=np.array([STEPS]))
    calls = [server.prediction.Predict.future(request, timeout=20) for _ in range(12)]
    codes = [call.code() for call in calls]
    assert codes.count(grpc.StatusCode.RESOURCE_EXHAUSTED) >= 12 - 5


def test_a_request_past_its_time(server):
    started = time.monotonic()
    refused(server.predict(signature_name="slow", inputs={"steps": [10_000_000]}), 504)
    assert 1.9 < time.monotonic() - started < 4


def test_clients_that_go_away(server):
    body = json.dumps({"signature_name": "slow", "inputs": {"steps": [20_000]}}).encode()
    head = f"POST /v1/models/{NAME}:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    for sent in (head + body, head + body[:10], head[:20]):
        with connection(server, 10) as client:
            client.sendall(sent)
    assert server.predict(instances=[ROW]).status_code in (200, 429)


def test_a_body_that_does_not_arrive(server):
    with connection(server, 10) as client:
        client.sendall(
            f"POST /v1/models/{NAME}:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{{".encode()
        )
        assert client.recv(1000).startswith(b"HTTP/1.1 408")


def test_slow_clients_keep_nobody_waiting(server):
    clients = [connection(server, 10) for _ in range(200)]
    try:
        for client in clients:
            client.sendall(b"POST /v1/models/x:predict HTTP/1.1\r\nHost:")
        started = time.monotonic()
        assert server.predict(instances=[ROW]).status_code == 200
        assert time.monotonic() - started < 1.0
    finally:
        for client in clients:
            client.close()


@pytest.mark.parametrize(
    "request_line", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 100]
)
def test_what_is_not_http(server, request_line):
    with connection(server, 10) as client:
        client.sendall(request_line)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100)[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.1 505")


def test_requests_of_strangers_do_not_fill_the_metrics(server):
    for number in range(50):
        server.post(f"stranger{number}:predict", {})
    assert "stranger" not in server.http.get(f"{server.rest}/monitoring/prometheus/metrics").text


@pytest.mark.slow
def test_memory_returns_to_its_level(process, server):
    good = json.dumps({"instances": [ROW] * 20}).encode()
    bad = [b"{", b'{"instances": [{}]}', json.dumps({"instances": [{**ROW, "price": "x" * 10_000}]}).encode()]
    request = predict_request(
        "rank", age=np.ones(1, np.float32), item_price=np.ones(200, np.float32), item_name=["a"] * 200
    )

    def rounds(count):
        for number in range(count):
            server.post(f"{NAME}:predict", good)
            server.post(f"{NAME}:predict", bad[number % 3])
            server.prediction.Predict(request, timeout=20)
            server.get(NAME)

    rounds(500)
    before = process.memory()
    rounds(2500)
    assert process.memory() - before < 24 * 2**20


def test_a_killed_server_starts_again(base):
    options = ("--config", str(base / "models.config"), LABELS_MAY_WAIT)
    with LocalProcess(*options) as process:
        port = urlsplit(process.rest).port
        target = target_at(process.rest, process.grpc)
        assert target.predict(instances=[ROW]).status_code == 200
        assert process.end(signal.SIGKILL) == -signal.SIGKILL
        with pytest.raises(httpx.TransportError):
            target.predict(instances=[ROW])
    with LocalProcess(*options, "--rest-port", str(port)) as again:
        assert urlsplit(again.rest).port == port
        assert target.predict(instances=[ROW]).status_code == 200


def test_sigterm_lets_requests_under_way_end(base):
    with LocalProcess("--config", str(base / "models.config"), LABELS_MAY_WAIT) as process:
        target = target_at(process.rest, process.grpc)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            rest = pool.submit(target.predict, **SLOW)
            request = predict_request("slow", steps=np.array([STEPS]))
            rpc = pool.submit(target.prediction.Predict, request, timeout=20)
            while gauge(target, "admitted_requests") < 2:
                time.sleep(0.01)
            assert process.end() == 0
            assert rest.result().status_code == 200
            assert arrays(rpc.result())["trace"].tolist() == [64.0]
        with pytest.raises(OSError):
            connection(target)


def test_health_and_status_do_not_wait_behind_predictions(server):
    request = predict_request("slow", steps=np.array([STEPS]))
    calls = [server.prediction.Predict.future(request, timeout=20) for _ in range(12)]
    while gauge(server, "admitted_requests") < 5:
        time.sleep(0.01)
    answer = health_pb2_grpc.HealthStub(server.channel).Check(health_pb2.HealthCheckRequest(), timeout=20)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    status = get_model_status_pb2.GetModelStatusRequest()
    status.model_spec.name = NAME
    assert len(server.models.GetModelStatus(status, timeout=20).model_version_status) == 2
    assert not all(call.done() for call in calls)
