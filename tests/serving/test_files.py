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
from tfelc.core.errors import UsageError
from tfelc.serving.local_server.batcher import BatchingOptions
from tfelc.serving.local_server.config_file import read_batching, read_models, read_monitoring
from tfelc.serving.memory_limits import app

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


def test_compose_runs_without_privileges_behind_an_init_and_within_limits():
    service = compose()
    assert not service["user"].startswith("0") and service["init"] and service["read_only"]
    assert service["cap_drop"] == ["ALL"] and "seccomp:unconfined" not in service["security_opt"]
    assert re.fullmatch(r"\$\{MEMORY:-\d+g\}", service["mem_limit"])


def test_kubernetes_keeps_the_restricted_pod_security_standard():
    pod = kubernetes()["Deployment"]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False and pod["shareProcessNamespace"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    own = container()["securityContext"]
    assert own["allowPrivilegeEscalation"] is False and own["capabilities"] == {"drop": ["ALL"]}
    assert container()["resources"]["limits"]["memory"]


def test_kubernetes_parts_select_the_same_pods():
    parts = kubernetes()
    labels = parts["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert parts["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"].items() <= labels.items()
    policy = parts["NetworkPolicy"]["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"} and policy["egress"] == []
    ports = {port["name"] for port in container()["ports"]}
    assert {port["port"] for rule in policy["ingress"] for port in rule["ports"]} <= ports
    scaler = parts["HorizontalPodAutoscaler"]["spec"]
    assert scaler["scaleTargetRef"]["name"] == parts["Deployment"]["metadata"]["name"]
    assert scaler["minReplicas"] == parts["Deployment"]["spec"]["replicas"]


def test_the_proxy_lets_nobody_replace_models_and_asks_for_tokens():
    text = re.sub(r"#.*", "", (SERVING / "nginx.conf").read_text())
    assert text.count("{") == text.count("}")
    assert "location / { return 404; }" in text
    assert text.count("location ") == 3 and text.count('if ($team = "") { return 401; }') == 2
    [calls] = re.findall(r"location ~ (\S+) \{", text)
    allowed = re.compile(calls)
    assert allowed.match("/tensorflow.serving.PredictionService/Predict")
    assert allowed.match("/grpc.health.v1.Health/Check")
    assert not allowed.match("/tensorflow.serving.ModelService/HandleReloadConfigRequest")
    ports = {address.rpartition(":")[2] for address in re.findall(r"server (127\.0\.0\.1:\d+)", text)}
    assert ports == {"8500", "8501"}


def test_memory_limits_follow_the_size_of_the_export(tmp_path, capsys):
    (tmp_path / "7" / "variables").mkdir(parents=True)
    with (tmp_path / "7" / "variables" / "data").open("wb") as file:
        file.truncate(300 * 2**20)
    app(["--base-path", str(tmp_path)], standalone_mode=False)
    printed = capsys.readouterr().out
    assert "MEMORY=2048m docker compose" in printed
    assert yaml.safe_load(printed[printed.index("resources:") :])["resources"]["limits"] == {"memory": "2048Mi"}
    with pytest.raises(UsageError, match="holds no version"):
        app(["--base-path", str(tmp_path / "7")], standalone_mode=False)


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
