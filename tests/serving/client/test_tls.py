"""Certificates, the server's and the client's own, by both protocols."""

import http.server
import json
import shutil
import ssl
import subprocess
import threading
import time
from concurrent import futures

import grpc
import pytest
from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

from tfelc.serving.client.call_error import CallError
from tfelc.serving.client.grpc_client import GrpcClient
from tfelc.serving.client.rest_client import RestClient
from tfelc.serving.client.tls import Tls

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make certificates")
STATUS = {"model_version_status": [{"version": "3", "state": "AVAILABLE"}]}


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A certificate that trusts itself, for both sides."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "own.key", folder / "own.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "1",
    ]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*made, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return Tls(ca=certificate, certificate=certificate, key=key)


class Status(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802
        body = json.dumps(STATUS).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Models(model_service_pb2_grpc.ModelServiceServicer):
    def GetModelStatus(self, request, context):  # noqa: N802
        answer = get_model_status_pb2.GetModelStatusResponse()
        answer.model_version_status.add(version=3, state="AVAILABLE")
        return answer


@pytest.fixture(scope="module")
def rest(own):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=own.ca)
    context.load_cert_chain(own.certificate, own.key)
    context.verify_mode = ssl.CERT_REQUIRED
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Status)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield lambda tls: RestClient(f"https://localhost:{server.server_port}", tls=tls)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def rpc(own):
    server = grpc.server(futures.ThreadPoolExecutor(1))
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Models(), server)
    pair = [(own.key.read_bytes(), own.certificate.read_bytes())]
    port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials(pair, own.ca.read_bytes(), True))
    server.start()
    yield lambda tls: GrpcClient(f"localhost:{port}", tls=tls)
    server.stop(0)


@pytest.fixture(params=["rest", "rpc"])
def connected(request):
    return request.getfixturevalue(request.param)


def test_a_client_with_its_own_certificate_is_answered(connected, own):
    with connected(own) as client:
        assert client.status(timeout=20) == {3: "AVAILABLE"}


def test_a_server_that_is_not_trusted_is_not_tried_again(connected):
    started = time.monotonic()
    with connected(Tls()) as client, pytest.raises(CallError, match="CERTIFICATE_VERIFY_FAILED"):
        client.status(timeout=20)
    assert time.monotonic() - started < 10


def test_a_client_without_a_certificate_is_not_answered(connected, own):
    with connected(Tls(ca=own.ca)) as client, pytest.raises(CallError):
        client.status(timeout=0.5)


def test_half_a_pair_is_refused(own):
    with pytest.raises(ValueError, match="`certificate` and `key`, or neither"):
        Tls(certificate=own.certificate)
