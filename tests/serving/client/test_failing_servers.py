"""Both clients against servers that fail, or are slow."""

import http.server
import itertools
import json
import threading
import time
from concurrent import futures

import grpc
import pytest
from google.protobuf import json_format
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2, prediction_service_pb2_grpc

from tfelc.serving.client.call_error import CallError
from tfelc.serving.client.grpc_client import GrpcClient
from tfelc.serving.client.rest_client import RestClient

METADATA = {
    "metadata": {
        "signature_def": {
            "signature_def": {
                "serving_default": {
                    "inputs": {"x": {"dtype": "DT_FLOAT", "tensor_shape": {"dim": [{"size": "-1"}]}}},
                    "outputs": {"y": {"dtype": "DT_FLOAT", "tensor_shape": {"dim": [{"size": "-1"}]}}},
                }
            }
        }
    }
}


class Failing(http.server.BaseHTTPRequestHandler):
    codes: list[int] = []
    seen: list[str | None] = []
    drip = 0.0

    def do_GET(self):  # noqa: N802
        self.answer(200, METADATA)

    def do_POST(self):  # noqa: N802
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.headers["Authorization"], self.headers["X-Team"]))
        code = self.codes.pop(0) if self.codes else 200
        self.answer(code, {"error": "try again"} if code != 200 else {"outputs": [1.0]})

    def answer(self, code, content):
        body = json.dumps(content).encode()
        if self.drip and self.command == "POST":
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n" + body:
                self.wfile.write(bytes([byte]))
                time.sleep(self.drip)
            return
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
    Failing.codes, Failing.seen, Failing.drip = [], [], 0.0
    tokens = itertools.cycle(["first", "second", "third", "fourth"])
    options = {"token": lambda: next(tokens), "headers": {"X-Team": "search"}}
    with RestClient(f"http://127.0.0.1:{server.server_port}", **options) as client:
        yield client
    server.shutdown()
    server.server_close()


def test_rest_tries_again_after_503_and_after_nothing_else(failing):
    Failing.codes = [503, 502, 200]
    assert failing.predict({"x": [1.0]})["y"].tolist() == [1.0]
    # The metadata had the first token: it is asked for before each attempt.
    assert Failing.seen == [(f"Bearer {token}", "search") for token in ("second", "third", "fourth")]


def test_a_refusal_is_not_tried_again(failing):
    Failing.codes = [429, 200]
    with pytest.raises(CallError, match="RESOURCE_EXHAUSTED: try again"):
        failing.predict({"x": [1.0]})
    assert Failing.codes == [200]


def test_rest_keeps_its_time_however_slowly_the_bytes_come(failing):
    Failing.drip = 0.1
    started = time.monotonic()
    with pytest.raises(CallError) as caught:
        failing.predict({"x": [1.0]}, timeout=0.5)
    assert caught.value.code == "DEADLINE_EXCEEDED"
    assert time.monotonic() - started < 1.5


def test_rest_does_not_wait_beyond_its_time(failing):
    Failing.codes = [503] * 50
    started = time.monotonic()
    # The time may end between two attempts or, on a busy machine, within one.
    with pytest.raises(CallError, match="attempts in 0.3 s|did not answer in time"):
        failing.predict({"x": [1.0]}, timeout=0.3)
    assert time.monotonic() - started < 0.8


def test_grpc_tries_again_and_sends_its_token():
    class Flaky(prediction_service_pb2_grpc.PredictionServiceServicer):
        calls, seen = 0, []

        def GetModelMetadata(self, request, context):  # noqa: N802
            found = get_model_metadata_pb2.SignatureDefMap()
            json_format.ParseDict(METADATA["metadata"]["signature_def"], found)
            answer = get_model_metadata_pb2.GetModelMetadataResponse()
            answer.metadata["signature_def"].Pack(found)
            return answer

        def Predict(self, request, context):  # noqa: N802
            Flaky.calls += 1
            Flaky.seen.append(dict(context.invocation_metadata()).get("authorization"))
            if Flaky.calls < 7:
                context.abort(grpc.StatusCode.UNAVAILABLE, "try again")
            return predict_pb2.PredictResponse()

    server = grpc.server(futures.ThreadPoolExecutor(1))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Flaky(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with GrpcClient(f"127.0.0.1:{port}", timeout=20.0, token="secret") as client:
        assert client.predict({"x": [1.0]}) == {}
    assert Flaky.calls == 7 and set(Flaky.seen) == {"Bearer secret"}
    server.stop(0)
