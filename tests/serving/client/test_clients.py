"""Both clients against the server under test, and against servers that fail."""

import http.server
import json
import threading
import time
from concurrent import futures

import grpc
import numpy as np
import pytest
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from tests.serving.conftest import NAME
from tfelc.serving.client import rest_client
from tfelc.serving.client.call_error import CallError
from tfelc.serving.client.grpc_client import GrpcClient
from tfelc.serving.client.inputs import ranking_inputs, to_arrays
from tfelc.serving.client.rest_client import RestClient

ROWS = {"price": [1.5, float("nan")], "visits": [2, 3], "country": ["se", "no"], "tags": [["a", "b"], ["a", ""]]}
SLOW = {"steps": [60_000]}


@pytest.fixture(params=["REST", "gRPC"])
def client(request, target):
    made = RestClient(target.rest, NAME) if request.param == "REST" else GrpcClient(target.grpc, NAME)
    with made:
        yield made


def test_predict(client):
    found = client.predict(ROWS)
    np.testing.assert_array_equal(found["score"].astype(np.float32), np.array([6.5, np.nan], np.float32))
    assert found["visits_seen"].tolist() == [2, 3]
    assert [value if isinstance(value, str) else value.decode() for value in found["country_seen"]] == ["se", "no"]
    assert client.predict(ROWS, version=1)["score"][0] == 5.0
    assert client.predict(ROWS, label="canary")["score"][0] == 6.5


def test_rank_takes_the_user_once(client):
    found = client.rank(user={"age": 2.0}, items={"item_price": [1.0, 0.5], "item_name": ["a", "abc"]}, label="stable")
    assert found["score"].tolist() == [4.0, 2.0]
    assert found["length"].tolist() == [1.0, 3.0]


def test_bytes(client):
    rows = {name: values[:1] for name, values in ROWS.items()}
    assert client.predict({**rows, "country": [b"\xff\x00"]})["visits_seen"].tolist() == [2]


def test_an_answer_beyond_grpcs_own_limit(client):
    count = 600_000
    sent = np.arange(count, dtype=np.float32)
    found = client.predict({"age": [1.0], "item_price": sent, "item_name": ["a"] * count}, "rank", timeout=60)
    np.testing.assert_array_equal(found["score"].astype(np.float32), sent * 3)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda client: client.predict({"price": [1.0]}), "INVALID_ARGUMENT"),
        (lambda client: client.predict(ROWS, version=99), "NOT_FOUND"),
        (lambda client: client.predict(ROWS, label="absent"), "INVALID_ARGUMENT"),
        (lambda client: client.predict(SLOW, "slow", timeout=0.2), "DEADLINE_EXCEEDED"),
    ],
)
def test_what_the_server_refuses(client, call, code):
    with pytest.raises(CallError) as caught:
        call(client)
    assert caught.value.code == code


def test_status(client):
    assert client.status() == {2: "AVAILABLE", 1: "AVAILABLE"}


def test_a_version_and_a_label_exclude_each_other(client):
    with pytest.raises(ValueError, match="not both"):
        client.predict(ROWS, version=1, label="stable")


def test_nobody_there():
    for client in (RestClient("http://127.0.0.1:1"), GrpcClient("127.0.0.1:1")):
        started = time.monotonic()
        with client, pytest.raises(CallError) as caught:
            client.predict({"x": [1.0]}, timeout=3.0)
        assert caught.value.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED")
        assert time.monotonic() - started < 4


class Failing(http.server.BaseHTTPRequestHandler):
    codes: list[int] = []

    def do_POST(self):  # noqa: N802
        self.rfile.read(int(self.headers["Content-Length"]))
        code = self.codes.pop(0)
        body = json.dumps({"error": "try again"} if code != 200 else {"outputs": [1.0]}).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def failing():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Failing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with RestClient(f"http://127.0.0.1:{server.server_port}") as client:
        yield client
    server.shutdown()
    server.server_close()


def test_rest_tries_again_after_503_and_after_nothing_else(failing):
    Failing.codes = [503, 503, 200]
    assert failing.predict({"x": [1.0]})["outputs"].tolist() == [1.0]
    Failing.codes = [503] * 5
    with pytest.raises(CallError, match="UNAVAILABLE: try again"):
        failing.predict({"x": [1.0]})
    assert len(Failing.codes) == 1
    Failing.codes = [429, 200]
    with pytest.raises(CallError, match="RESOURCE_EXHAUSTED"):
        failing.predict({"x": [1.0]})
    assert Failing.codes == [200]


def test_rest_does_not_wait_beyond_its_time(failing, monkeypatch):
    monkeypatch.setattr(rest_client, "_FIRST_PAUSE", 0.2)
    Failing.codes = [503] * 5
    started = time.monotonic()
    with pytest.raises(CallError):
        failing.predict({"x": [1.0]}, timeout=0.3)
    # It waits 0.1 to 0.2 once; all its pauses are 0.7 at least, and the rest is for a machine under load.
    assert time.monotonic() - started < 0.6


def test_grpc_tries_again():
    class Flaky(prediction_service_pb2_grpc.PredictionServiceServicer):
        calls = 0

        def Predict(self, request, context):  # noqa: N802
            Flaky.calls += 1
            if Flaky.calls < 3:
                context.abort(grpc.StatusCode.UNAVAILABLE, "try again")
            return predict_pb2.PredictResponse()

    server = grpc.server(futures.ThreadPoolExecutor(1))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Flaky(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with GrpcClient(f"127.0.0.1:{port}") as client:
        assert client.predict({"x": [1.0]}) == {}
    assert Flaky.calls == 3
    server.stop(0)


def test_inputs_become_arrays_of_the_types_that_signatures_take():
    made = to_arrays({"a": [1.5], "b": [1], "c": ["x"], "d": [b"x", "y"], "e": np.ones(1), "f": [True]})
    assert [array.dtype.name for array in made.values()] == ["float32", "int64", "object", "object", "float64", "bool"]
    assert made["d"].tolist() == [b"x", "y"]
    for wrong in ([None], [1.0, "x"], [[1.0], [1.0, 2.0]], [{"b64": ""}]):
        with pytest.raises((TypeError, ValueError)):
            to_arrays({"a": wrong})


def test_the_user_has_one_row_and_the_items_many():
    made = ranking_inputs({"age": 3.0, "seen": ["v1", "v2"]}, {"video": ["v3", "v4"]})
    assert {name: array.shape for name, array in made.items()} == {"age": (1,), "seen": (1, 2), "video": (2,)}
    with pytest.raises(TypeError, match="age"):
        ranking_inputs({"age": 3.0}, {"age": [1.0]})
