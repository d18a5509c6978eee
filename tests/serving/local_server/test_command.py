"""The command line of the local server."""

import re
import socket
import subprocess
import sys
import time

import pytest

from tests.serving.conftest import LABELS_MAY_WAIT, NAME, ROW, predict_request, target_at
from tests.serving.local_process import LocalProcess
from tests.support.training import ROOT
from tfelc.commands.serve import _served, app
from tfelc.core.errors import ConfigError, UsageError
from tfelc.serving import conformance_model
from tfelc.serving.local_server.model_config import ModelConfig
from tfelc.serving.local_server.server import Server, ServerOptions


def test_help_comes_at_once():
    started = time.monotonic()
    command = [sys.executable, "-X", "importtime", "-m", "tfelc.commands", "serve", "--help"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0 and "--base-path" in answer.stdout
    assert re.search(r"\| +(tensorflow|keras)$", answer.stderr, flags=re.M) is None
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "--base-path or --config"),
        (["--base-path", "/nowhere", "--config", "/nowhere"], "--base-path or --config"),
        (["--config", "/nowhere/models.config"], "/nowhere/models.config: no such file"),
        (["--base-path", "/", "--batching", "/nowhere/batching.config"], "--base-path /: holds no version"),
        (["--base-path", "/nowhere"], "--base-path /nowhere: no such folder; name the one that `tfelc export --to`"),
        (["--base-path", "/nowhere", "--rest-port", "99999"], "--rest-port is a port from 0 to 65535. Received: 99999"),
        (["--base-path", "/nowhere", "--grpc-port", "-1"], "--grpc-port is a port from 0 to 65535. Received: -1"),
    ],
)
def test_calls_that_cannot_work(options, words):
    with pytest.raises(UsageError, match=words):
        app(options, standalone_mode=False)


def test_a_version_stands_for_itself_and_a_base_folder_for_its_latest(base, capsys):
    assert _served(NAME, base) == (base, {}) and capsys.readouterr().err == ""
    found = _served(NAME, base / "1")
    config = ModelConfig(NAME, found[0], **found[1])
    assert config.base_path == base and config.wanted([1, 2, 3]) == [1]
    assert f"{NAME} stays version 1; name {base} for the latest" in capsys.readouterr().err


def test_a_batching_file_that_is_not_there(base):
    with pytest.raises(UsageError, match="no such file"):
        app(["--base-path", str(base), "--batching", "/nowhere/batching.config"], standalone_mode=False)


@pytest.mark.parametrize("port", ["rest_port", "grpc_port"])
def test_a_port_that_is_taken(base, port):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        options = ServerOptions(**{"rest_port": 0, "grpc_port": 0, port: number})
        with pytest.raises(ConfigError, match=f"port {number} of 127.0.0.1 cannot be opened"):
            Server(options, [ModelConfig(NAME, base)]).run()


def test_a_label_of_a_version_that_is_not_there(base):
    options = ServerOptions(rest_port=0, grpc_port=0)
    with pytest.raises(ConfigError, match="label stable to version 9"):
        Server(options, [ModelConfig(NAME, base, labels={"stable": 9})]).run()


def test_batching_monitoring_and_a_config_that_is_edited(base, tmp_path):
    config = tmp_path / "models.config"
    config.write_text(conformance_model.models_config(str(base)))
    batching, monitoring = tmp_path / "batching.config", tmp_path / "monitoring.config"
    batching.write_text("max_batch_size { value: 8 } batch_timeout_micros { value: 1000 }")
    monitoring.write_text('prometheus_config { enable: true path: "/metrics" }')
    options = ("--batching", str(batching), "--monitoring", str(monitoring), "--config-poll", "0.1", LABELS_MAY_WAIT)
    with LocalProcess("--config", str(config), *options) as process:
        target = target_at(process.rest, process.grpc)
        assert target.predict(instances=[ROW] * 3).status_code == 200
        refused = target.predict(
            signature_name="rank", inputs={"age": [1.0], "item_price": [1.0] * 2, "item_name": ["a"] * 2}
        )
        assert refused.status_code == 400 and "equal 0th-dimension size" in refused.json()["error"]
        assert target.predict(instances=[ROW] * 9).status_code == 400
        assert target.prediction.Predict(predict_request("single", x=[1.0]), timeout=20).outputs["y"].float_val == [2.0]
        assert ":tensorflow:serving:request_count" in target.http.get(f"{target.rest}/metrics").text

        config.write_text("model_config_list { config {")
        time.sleep(0.5)
        assert target.predict(instances=[ROW]).status_code == 200
        config.write_text(conformance_model.models_config(str(base)).replace('"canary"', '"next"'))
        deadline = time.monotonic() + 20
        path = f"{NAME}/labels/next:predict"
        while target.post(path, {"instances": [ROW]}).status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert target.post(path, {"instances": [ROW]}).status_code == 200
        assert target.post(f"{NAME}/labels/canary:predict", {"instances": [ROW]}).status_code == 400
