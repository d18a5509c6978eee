"""What do costly requests cost the local server, and those who ask it something else meanwhile?"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

_MIB = 2**20
_CONNECTIONS, _SENT, _CLAIMED, _HEADERS = 20, 60, 400_000, 100


def bounds(
    rest: Annotated[str, typer.Option(help="REST address of a running server. Defaults to one started for this.")] = "",
    grpc: Annotated[str, typer.Option(help="Its gRPC address.")] = "",
    pid: Annotated[int, typer.Option(help="Its process.")] = 0,
) -> None:
    """Sends an 8 MB body, a tensor that claims a large shape, 100 MB of headers, and 20 bodies of 60 MB half-sent.

    The server serves the conformance model under its name.
    """
    with contextlib.ExitStack() as stack:
        if not rest:
            rest, grpc, pid = stack.enter_context(_served())
        empty = b'{"signature_name": "single", "inputs": [' + b"[]," * (8 * _MIB // 3) + b"[]]}"
        rows = b",".join([b'{"x": 1.25}'] * (8 * _MIB // 12))
        valid = b'{"signature_name": "single", "instances": [' + rows + b"]}"
        for title, body in (("8 MB of empty lists", empty), ("8 MB of rows", valid)):
            answer, seconds, slowest = _meanwhile(rest, body)
            print(f"{title}: {answer} after {seconds:.2f} s; slowest status meanwhile {slowest:.2f} s")
        before = _resident(pid)
        size, answer, seconds = _claiming(grpc)
        grown = (_resident(pid) - before) / _MIB
        print(f"{size} bytes that claim {_CLAIMED} rows: {answer} after {seconds:.2f} s, {grown:+.0f} MiB")
        before = _resident(pid)
        started = time.perf_counter()
        answer = _headers(rest)
        print(f"{_HEADERS} MB of headers: {answer} after {time.perf_counter() - started:.2f} s")
        grown = _half_sent(rest, pid) / _MIB
        print(f"{_CONNECTIONS} bodies of {_SENT} MB half-sent: {grown:+.0f} MiB")


@contextlib.contextmanager
def _served() -> Iterator[tuple[str, str, int]]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "tfelc.serving.conformance_model", "--to", folder], check=True)
        command = [sys.executable, "-m", "tfelc.commands", "serve", "--base-path", folder, "--name", "conformance"]
        options = ["--rest-port", "0", "--grpc-port", "0"]
        process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            assert process.stdout is not None
            found = re.match(r"ready: REST (\S+) gRPC (\S+)", process.stdout.readline())
            if found is None:
                raise RuntimeError("the local server did not start; start it by hand to see why")
            yield found[1], found[2], process.pid
        finally:
            process.terminate()
            process.wait(30)


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _connected(rest: str) -> socket.socket:
    parts = urlsplit(rest)
    return socket.create_connection((parts.hostname or "", parts.port or 80), timeout=60)


def _head(method: str, length: int) -> bytes:
    lines = (f"{method} HTTP/1.1", "Host: localhost", f"Content-Length: {length}", "Connection: close", "", "")
    return "\r\n".join(lines).encode()


def _answer(client: socket.socket) -> str:
    try:
        return client.recv(2**16).split(b"\r\n")[0].decode() or "hung up"
    except ConnectionError:
        return "hung up"


def _meanwhile(rest: str, body: bytes) -> tuple[str, float, float]:
    """The answer to a body, its seconds, and those of the slowest status while it was at work."""
    slowest, ended = 0.0, threading.Event()

    def ask() -> None:
        nonlocal slowest
        while not ended.is_set():
            started = time.perf_counter()
            with _connected(rest) as client:
                client.sendall(_head("GET /v1/models/conformance", 0))
                client.recv(2**16)
            slowest = max(slowest, time.perf_counter() - started)

    thread = threading.Thread(target=ask)
    thread.start()
    started = time.perf_counter()
    with _connected(rest) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(_head("POST /v1/models/conformance:predict", len(body)) + body)
        answer = _answer(client)
    seconds = time.perf_counter() - started
    ended.set()
    thread.join()
    return answer, seconds, slowest


def _claiming(address: str) -> tuple[int, str, float]:
    import grpc
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request: Any = predict_pb2.PredictRequest()
    request.model_spec.name = "conformance"
    for name, dtype, field, value in (("price", 1, "float_val", 1.0), ("visits", 9, "int64_val", 1)):
        request.inputs[name].dtype = dtype
        getattr(request.inputs[name], field).append(value)
    for name in ("country", "tags"):
        request.inputs[name].dtype = 7
        request.inputs[name].string_val.append(b"a")
    for name in ("price", "visits", "country", "tags"):
        request.inputs[name].tensor_shape.dim.add().size = _CLAIMED
    request.inputs["tags"].tensor_shape.dim.add().size = 20
    started = time.perf_counter()
    with grpc.insecure_channel(address, [("grpc.max_receive_message_length", -1)]) as channel:
        try:
            prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=60)
            answer = "answered"
        except grpc.RpcError as error:
            answer = error.code().name
    return request.ByteSize(), answer, time.perf_counter() - started


def _headers(rest: str) -> str:
    with _connected(rest) as client:
        line = b"X-Filler: " + b"y" * 988 + b"\r\n"
        try:
            client.sendall(b"GET /v1/models/conformance HTTP/1.1\r\nHost: localhost\r\n")
            for _ in range(_HEADERS):
                client.sendall(line * 1000)
            client.sendall(b"\r\n")
        except ConnectionError:
            return "hung up"
        return _answer(client)


def _half_sent(rest: str, pid: int) -> int:
    """Bytes by which the server grows at most."""
    before = most = _resident(pid)
    with contextlib.ExitStack() as stack:
        for _ in range(_CONNECTIONS):
            client = stack.enter_context(_connected(rest))
            with contextlib.suppress(OSError):
                client.sendall(_head("POST /v1/models/conformance:predict", (_SENT + 2) * _MIB))
                client.sendall(b" " * (_SENT * _MIB))
            most = max(most, _resident(pid))
        time.sleep(1)
        most = max(most, _resident(pid))
    return most - before
