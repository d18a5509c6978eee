"""TensorFlow Serving's own files, read as the server would, and the health check run as compose would."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from tests.serving.conftest import NAME
from tfelc.serving.local_server.batcher import BatchingOptions
from tfelc.serving.local_server.config_file import read_batching, read_models, read_monitoring

SERVING = Path(__file__).parents[2] / "serving"
# Of TensorFlow Serving's main.cc; a flag that it does not know keeps it from starting.
FLAGS = {
    "port",
    "rest_api_port",
    "rest_api_timeout_in_ms",
    "model_config_file",
    "model_config_file_poll_wait_seconds",
    "allow_version_labels_for_unavailable_models",
    "monitoring_config_file",
    "enable_grpc_healthcheck_service",
}


def flags(arguments):
    return {argument.removeprefix("--").partition("=")[0] for argument in arguments}


def compose():
    return yaml.safe_load((SERVING / "compose.yaml").read_text())["services"]["ranker"]


def kubernetes():
    return {part["kind"]: part for part in yaml.safe_load_all((SERVING / "kubernetes.yaml").read_text())}


def container():
    return kubernetes()["Deployment"]["spec"]["template"]["spec"]["containers"][0]


def test_models_name_a_stable_and_a_canary_version():
    text = (SERVING / "models.config").read_text()
    message = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    [entry] = message.model_config_list.config
    assert entry.name == "ranker"
    [model] = read_models(SERVING / "models.config")
    assert set(model.labels) == {"stable", "canary"}
    assert set(model.labels.values()) <= set(model.versions)
    assert str(model.base_path) == compose()["volumes"][0].split(":")[-2] == container()["volumeMounts"][0]["mountPath"]


def test_batching():
    options = BatchingOptions.from_message(read_batching(SERVING / "batching.config"))
    assert options.allowed_sizes[-1] == options.max_batch_size == 512
    assert options.split and options.timeout == 0.001


def test_monitoring():
    found = read_monitoring(SERVING / "monitoring.config").prometheus_config
    assert found.enable
    annotations = kubernetes()["Deployment"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/path"] == found.path


def test_compose_pins_the_image_and_stays_on_the_loopback():
    service = compose()
    assert re.fullmatch(r"tensorflow/serving:\d+\.\d+\.\d+", service["image"])
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert flags(service["command"]) <= FLAGS
    mounted = {volume.split(":")[0].removeprefix("./") for volume in service["volumes"] if volume.startswith("./")}
    assert all((SERVING / name).is_file() for name in mounted)


def test_kubernetes_runs_the_same_image_with_known_flags():
    assert container()["image"] == compose()["image"]
    assert flags(container()["args"]) <= FLAGS
    probe = container()["readinessProbe"]["exec"]["command"]
    assert probe == compose()["healthcheck"]["test"][1:]
    service = kubernetes()["Service"]["spec"]
    assert {port["targetPort"] for port in service["ports"]} == {port["name"] for port in container()["ports"]}


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(("path", "code"), [(NAME, 0), (f"{NAME}/versions/99", 1), ("absent", 1)])
def test_the_health_check_reads_the_state(target, path, code):
    command = compose()["healthcheck"]["test"][1:]
    host, port = target.rest.removeprefix("http://").split(":")
    command[-1] = (
        command[-1].replace("127.0.0.1/8501", f"{host}/{port}").replace("/v1/models/ranker", f"/v1/models/{path}")
    )
    assert subprocess.run(command, capture_output=True, timeout=20).returncode == code
