"""A real export behind the local server: the printed requests, and the clients, get what the session answers."""

import base64
import json
import shlex
import shutil
import subprocess
import sys

import httpx
import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

from tests.serving.conftest import target_at
from tests.serving.local_process import LocalProcess
from tfelc.commands.request import app
from tfelc.lifecycle.export.session_runner import SessionRunner
from tfelc.ranker.export.requests import request_inputs
from tfelc.ranker.export.sample_rows import real_rows
from tfelc.ranker.export.signatures import RANK
from tfelc.serving.client.grpc_client import GrpcClient
from tfelc.serving.client.rest_client import RestClient


@pytest.fixture(scope="module")
def served(exported):
    with LocalProcess("--base-path", str(exported.path.parent), "--name", "ranker") as process:
        yield target_at(process.rest, process.grpc), exported


@pytest.fixture
def printed(served, untrained_run, tmp_path, capsys, monkeypatch):
    """The commands that `request.py` prints, split as a shell splits them."""
    target, _ = served
    monkeypatch.setenv("TFELC_HOME", str(tmp_path))
    options = ["--run", str(untrained_run.path), "--n", "3", "--rest", target.rest, "--grpc", target.grpc]
    app(options, standalone_mode=False)
    lines = [line for line in capsys.readouterr().out.splitlines() if line and not line.startswith("#")]
    return [shlex.split(line) for line in lines]


def test_the_printed_requests_are_answered_alike_by_both_protocols(served, printed):
    target, _ = served
    assert [command[0] for command in printed] == ["curl", "grpcurl"] * 2
    for curl, grpcurl in zip(printed[::2], printed[1::2], strict=True):
        assert curl[1] == "-d"
        answer = httpx.post(curl[3], content=curl[2].encode())
        assert answer.status_code == 200, answer.text
        found = answer.json()
        rows = found.get("predictions") or [
            dict(zip(found["outputs"], row, strict=True)) for row in zip(*found["outputs"].values(), strict=True)
        ]
        assert len(rows) == 3
        outputs = sent_as_grpcurl_does(target, grpcurl)
        for name, tensor in outputs.items():
            values = tensor["floatVal"] if tensor["dtype"] == "DT_FLOAT" else [int(each) for each in tensor["int64Val"]]
            np.testing.assert_allclose([row[name] for row in rows], values, rtol=1e-6)


def sent_as_grpcurl_does(target, command):
    """Builds the messages from the file that is printed, as grpcurl does, and sends the JSON."""
    options = dict(zip(command[2:6:2], command[3:6:2], strict=True))
    files = descriptor_pb2.FileDescriptorSet()
    with open(options["-protoset"], "rb") as file:
        files.ParseFromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for each in files.file:
        pool.Add(each)
    service, _, method = command[-1].partition("/")
    described = pool.FindServiceByName(service).methods_by_name[method]
    request = json_format.Parse(options["-d"], message_factory.GetMessageClass(described.input_type)())
    call = target.channel.unary_unary(f"/{service}/{method}")
    answer = message_factory.GetMessageClass(described.output_type).FromString(call(request.SerializeToString()))
    return json_format.MessageToDict(answer)["outputs"]


@pytest.mark.parametrize("protocol", ["REST", "gRPC"])
def test_clients_rank_as_the_session_does(served, untrained_run, protocol):
    target, exported = served
    schema = exported.manifest.schema_
    rows = real_rows(untrained_run, 5)
    inputs = request_inputs(schema, RANK, rows)
    items = {name: array for name, array in inputs.items() if schema.columns[name].role == "item"}
    user = {name: array[0] for name, array in inputs.items() if name not in items}
    client = RestClient(target.rest) if protocol == "REST" else GrpcClient(target.grpc)
    with client, SessionRunner(exported.path) as runner:
        found = client.rank(user, items)
        for name, values in runner.run(RANK, inputs).items():
            np.testing.assert_allclose(found[name], values, rtol=1e-6)


def test_examples_by_rest(served, untrained_run):
    target, exported = served
    rows = real_rows(untrained_run, 2)
    records = request_inputs(exported.manifest.schema_, "examples", rows)["examples"]
    instances = [{"b64": base64.b64encode(record).decode()} for record in records]
    body = json.dumps({"signature_name": "examples", "instances": instances})
    by_examples = target.post("ranker:predict", body).json()["predictions"]
    columns = request_inputs(exported.manifest.schema_, "serving_default", rows)
    with SessionRunner(exported.path) as runner:
        for name, values in runner.run("serving_default", columns).items():
            np.testing.assert_allclose([row[name] for row in by_examples], values, rtol=1e-6)


@pytest.fixture(scope="module")
def request_folder(served, untrained_run, tmp_path_factory):
    target, _ = served
    folder = tmp_path_factory.mktemp("requests")
    options = ["--run", str(untrained_run.path), "--n", "2", "--rest", target.rest, "--grpc", target.grpc]
    app([*options, "--write", str(folder)], standalone_mode=False)
    return folder


PROGRAMS = (
    [sys.executable, "request.py"],
    ["java", "Request.java"],
    ["node", "request.mjs"],
    ["go", "run", "request.go"],
)


@pytest.mark.parametrize("command", PROGRAMS, ids=lambda command: command[-1])
def test_the_written_programs_are_answered(served, request_folder, command):
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    target, _ = served
    for file in ("serving_default.json", "rank.json"):
        answer = subprocess.run([*command, file], cwd=request_folder, capture_output=True, text=True, timeout=120)
        assert answer.returncode == 0, answer.stderr
        sent = (request_folder / file).read_bytes()
        assert json.loads(answer.stdout) == httpx.post(f"{target.rest}/v1/models/ranker:predict", content=sent).json()


def test_the_written_folder_has_what_grpcurl_reads(served, request_folder):
    names = {path.name for path in request_folder.iterdir()}
    assert {"predict.proto", "tensor.proto", "model_service.proto", "health.proto", "grpcurl.sh"} <= names
    script = (request_folder / "grpcurl.sh").read_text()
    assert served[0].grpc in script and "@" not in script.replace("-d @ ", "").replace('"$@"', "")
    message = json.loads((request_folder / "rank.grpc.json").read_text())
    assert message["modelSpec"] == {"name": "ranker", "signatureName": "rank"}
