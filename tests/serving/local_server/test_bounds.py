"""What a request may cost, and whom the server answers; by real connections to one server."""

import contextlib
import gzip
import json
import re
import threading
import time

import grpc
import pytest

from tests.serving.conftest import NAME, ROW, connection, gauge, predict_request, refused, returns_to_zero, target_at
from tests.serving.local_process import LocalProcess

MIB = 2**20
OPTIONS = ("--max-body-mib", "12", "--max-bodies-mib", "20", "--max-connections", "60", "--timeout", "20")
GOOD = json.dumps({"instances": [ROW]}).encode()


@pytest.fixture(scope="module")
def process(base):
    extra = ("--allowed-host", "Ranker.Internal", "--access-log", "1", *OPTIONS)
    with LocalProcess("--base-path", str(base), "--name", NAME, *extra) as started:
        yield started


@pytest.fixture
def server(process):
    """The server, which must still answer after each test, and hold no bodies."""
    target = target_at(process.rest, process.grpc)
    yield target
    assert returns_to_zero(target, "body_bytes")
    assert target.predict(instances=[ROW]).status_code == 200


def raw(target, *pieces):
    """What the server answers to bytes until it hangs up."""
    with connection(target) as client:
        with contextlib.suppress(OSError):
            for piece in pieces:
                client.sendall(piece)
        answer = b""
        with contextlib.suppress(OSError):
            while part := client.recv(2**16):
                answer += part
    return answer


def posted(body, *headers, version="1.1"):
    head = [
        f"POST /v1/models/{NAME}:predict HTTP/{version}",
        "Host: localhost",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


def test_an_offer_of_http_2_is_passed_over_and_the_body_is_not(server):
    offer = (
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
    )
    body = json.dumps({"instances": [ROW] * 5000}).encode()
    with connection(server) as client:
        for sent in (GOOD, body, GOOD):
            client.sendall(posted(sent, *offer))
            answer = httpx_like(client)
            assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
    # Cut anywhere, also inside the empty line.
    whole = posted(GOOD, *offer, "Connection: close")
    cuts = (1, 60, whole.index(b"\r\n\r\n") + 3, whole.index(b"\r\n\r\n") + 4, len(whole) - 1)
    for cut in cuts:
        assert raw(server, whole[:cut], whole[cut:]).startswith(b"HTTP/1.1 200")


def httpx_like(client):
    """One answer with a Content-Length."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += client.recv(2**16)
    head, _, body = answer.partition(b"\r\n\r\n")
    size = int(re.search(rb"content-length: (\d+)", head)[1])
    while len(body) < size:
        body += client.recv(2**16)
    return head + b"\r\n\r\n" + body


def test_requests_in_one_piece_are_answered_one_after_the_other(server):
    answer = raw(server, posted(GOOD) * 3 + posted(GOOD, "Connection: close"))
    assert answer.count(b"HTTP/1.1 200") == 4


def test_a_connection_of_http_1_0_is_kept_where_the_client_asks(server):
    with connection(server) as client:
        for _ in range(2):
            client.sendall(posted(GOOD, "Connection: keep-alive", version="1.0"))
            assert b"connection: keep-alive" in httpx_like(client)
    assert b"connection: close" in raw(server, posted(GOOD, version="1.0"))


def test_gzip_bodies(server):
    def packed(content, encoding="gzip"):
        headers = {"content-encoding": encoding}
        return server.http.post(f"{server.rest}/v1/models/{NAME}:predict", content=content, headers=headers)

    assert packed(gzip.compress(GOOD)).json() == server.predict(instances=[ROW]).json()
    refused(packed(gzip.compress(b" " * (13 * MIB))), 413, "larger than")
    refused(packed(GOOD), 400, "not gzip")
    refused(packed(gzip.compress(GOOD)[:-9]), 400, "ends before")
    refused(packed(GOOD, "br"), 415, "send gzip")


def test_heads_beyond_64_kib_are_refused(server):
    line = b"X-Filler: " + b"y" * 1000 + b"\r\n"
    start = f"GET /v1/models/{NAME} HTTP/1.1\r\nHost: localhost\r\n".encode()
    assert b" 431 " in raw(server, start, line * 70, b"\r\n")
    # 100 MB: the server hangs up long before, so the answer may be lost with the connection.
    assert raw(server, start, *[line * 1000] * 100)[:12] in (b"", b"HTTP/1.1 431")
    assert raw(server, b"GET /" + b"y" * MIB, b" HTTP/1.1\r\n\r\n")[:12] in (b"", b"HTTP/1.1 431")
    # Behind another request, where the parser counts.
    first = posted(GOOD)
    assert b" 431 " in raw(server, first + start + line * 70 + b"\r\n")
    assert b" 431 " in raw(server, first + start, *[line] * 400)
    assert raw(server, start + line * 60 + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_bodies_that_are_still_arriving_are_bounded_together(server, process):
    before = process.memory()
    clients = []
    with contextlib.ExitStack() as stack:
        answers = []
        for _ in range(6):
            client = stack.enter_context(connection(server))
            head = f"POST /v1/models/{NAME}:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {11 * MIB}\r\n\r\n"
            with contextlib.suppress(OSError):
                client.sendall(head.encode() + b" " * (10 * MIB))
            clients.append(client)
        deadline = time.monotonic() + 10
        while gauge(server, "body_bytes") > 20 * MIB or (len(answers) < 4 and time.monotonic() < deadline):
            for client in clients:
                client.settimeout(0.05)
                with contextlib.suppress(OSError):
                    answers.append(client.recv(100))
        assert sum(answer.startswith(b"HTTP/1.1 429") or answer == b"" for answer in answers) >= 4
        assert gauge(server, "body_bytes") <= 20 * MIB
        assert process.memory() - before < 80 * MIB


def test_a_shape_of_few_bytes_may_fill_little_all_inputs_together(server):
    def claiming(size):
        request = predict_request("types")
        for name, dtype, field in (("real", 2, "double_val"), ("small", 3, "int_val"), ("flag", 10, "bool_val")):
            proto = request.inputs[name]
            proto.dtype = dtype
            proto.tensor_shape.dim.add().size = size
            getattr(proto, field).append(1)
        wide = request.inputs["wide"]
        wide.dtype = 1
        for each in (size, 2, 2):
            wide.tensor_shape.dim.add().size = each
        wide.float_val.append(1.0)
        assert len(request.SerializeToString()) < 200
        return request

    answer = server.prediction.Predict(claiming(1000), timeout=20)
    assert len(answer.outputs["real_out"].double_val) == 1000
    # A sixteenth of 12 MiB, for 29 bytes a row: none of the inputs is too much for itself.
    started = time.monotonic()
    with pytest.raises(grpc.RpcError) as caught:
        server.prediction.Predict(claiming(40_000), timeout=20)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "all inputs together may fill 786432 bytes" in caught.value.details()
    assert time.monotonic() - started < 5


def test_a_body_of_empty_lists_holds_nobody_up(server):
    body = b'{"signature_name": "single", "inputs": [' + b"[]," * (8 * MIB // 3) + b"[]]}"
    refused(server.post(f"{NAME}:predict", body), 400, "lists and objects; 786432 are allowed")
    allowed = b'{"signature_name": "single", "inputs": [' + b"[]," * 780_000 + b"[]]}"
    slowest, ended = 0.0, threading.Event()

    def ask():
        nonlocal slowest
        while not ended.is_set():
            started = time.monotonic()
            assert server.get(NAME).status_code == 200
            slowest = max(slowest, time.monotonic() - started)

    thread = threading.Thread(target=ask)
    thread.start()
    server.post(f"{NAME}:predict", allowed)
    ended.set()
    thread.join()
    # Well below a second on cores of its own; here other tests share them.
    assert slowest < 3


def test_more_connections_than_allowed_are_told_so(server):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connection(server)) for _ in range(64)]
        answer = clients[-1].recv(1000)
    assert answer.startswith(b"HTTP/1.1 503") and b"60 connections are open" in answer
    # Until the server has noticed that they are gone.
    deadline = time.monotonic() + 20
    while server.get(NAME).status_code == 503 and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8501", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("ranker.internal", 200),
        ("evil.example", 403),
        ("localhost.evil.example:8501", 403),
    ],
)
def test_a_stranger_s_name_is_refused_for_every_path(server, host, status):
    for path in (f"/v1/models/{NAME}", "/page/state", "/monitoring/prometheus/metrics"):
        answer = server.http.get(f"{server.rest}{path}", headers={"host": host})
        assert answer.status_code == status
    if status == 403:
        refused(answer, 403, "--allowed-host")


def test_requests_have_ids_in_answers_and_in_the_log(server, process):
    answer = server.http.get(f"{server.rest}/v1/models/{NAME}", headers={"x-request-id": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"
    made = server.http.get(f"{server.rest}/v1/models/{NAME}", headers={"x-request-id": "a b"}).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    metadata = (("x-request-id", "mine-2"),)
    _, call = server.prediction.Predict.with_call(predict_request("single", x=[1.0]), timeout=20, metadata=metadata)
    assert dict(call.trailing_metadata())["x-request-id"] == "mine-2"
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        logged = [json.loads(line) for line in list(process.errors) if line.startswith("{")]
        entries = {entry["id"]: entry for entry in logged}
        if {"mine-1", "mine-2", made} <= entries.keys():
            break
        time.sleep(0.05)
    assert entries["mine-1"]["request"] == f"GET /v1/models/{NAME}" and entries["mine-1"]["status"] == "200"
    assert entries["mine-2"]["protocol"] == "gRPC" and entries["mine-2"]["request"] == f"Predict {NAME}"
