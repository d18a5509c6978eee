"""A server whose folders, files and names are not as they should be; it goes on serving."""

import re
import shutil
import time

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.serving.conftest import NAME, ROW, target_at
from tests.serving.local_process import LocalProcess

POLL = 0.05


@pytest.fixture(scope="module")
def folder(base, tmp_path_factory):
    path = tmp_path_factory.mktemp("following") / NAME
    shutil.copytree(base / "1", path / "1")
    return path


@pytest.fixture(scope="module")
def config(folder):
    file = folder.parent / "models.config"
    file.write_text(listed(folder, [1]))
    return file


@pytest.fixture(scope="module")
def process(config):
    options = ("--poll", str(POLL), "--config-poll", str(POLL))
    with LocalProcess("--config", str(config), *options) as started:
        yield started


@pytest.fixture
def server(process):
    return target_at(process.rest, process.grpc)


def listed(folder, versions, **labels):
    which = " ".join(f"versions: {version}" for version in versions)
    named = " ".join(f'version_labels {{ key: "{label}" value: {version} }}' for label, version in labels.items())
    return (
        f'model_config_list {{ config {{ name: "{NAME}" base_path: "{folder}" model_platform: "tensorflow" '
        f"model_version_policy {{ specific {{ {which} }} }} {named} }} }}"
    )


def rewrite(config, text):
    other = config.with_suffix(".new")
    other.write_text(text)
    other.rename(config)


def metric(server, name):
    text = server.http.get(f"{server.rest}/monitoring/prometheus/metrics").text
    return float(re.search(rf'^{name}{{model_name="{NAME}"}} (\S+)$', text, re.M)[1])


def eventually(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)
    return found


def test_health_status_and_a_metric_say_when_the_folders_were_last_read(server):
    assert float(server.get(NAME).headers["x-last-look-seconds"]) < 5
    assert time.time() - metric(server, "local_server_last_look_timestamp_seconds") < 5
    stub = health_pb2_grpc.HealthStub(server.channel)
    answer, call = stub.Check.with_call(health_pb2.HealthCheckRequest(), timeout=20)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    assert float(dict(call.trailing_metadata())["x-last-look-seconds"]) < 5


@pytest.mark.parametrize("instead", ["nothing", "a file", "a link to itself"])
def test_a_base_path_that_vanishes_for_a_while_unloads_nothing(server, folder, instead):
    away = folder.with_name("away")
    failed = metric(server, "local_server_failed_looks")
    folder.rename(away)
    try:
        if instead == "a file":
            folder.write_text("")
        elif instead == "a link to itself":
            folder.symlink_to(folder)
        eventually(lambda: metric(server, "local_server_failed_looks") > failed + 2)
        assert server.predict(instances=[ROW]).status_code == 200
        assert server.get(NAME).json()["model_version_status"][0]["state"] == "AVAILABLE"
    finally:
        folder.unlink(missing_ok=True)
        away.rename(folder)
    looked = metric(server, "local_server_last_look_timestamp_seconds")
    eventually(lambda: metric(server, "local_server_last_look_timestamp_seconds") > looked)


def test_a_label_is_tried_at_every_poll_until_its_version_answers(server, process, folder, config, base):
    rewrite(config, listed(folder, [1, 3]))
    eventually(lambda: f"listed versions are not in {folder}: 3" in " ".join(process.errors))
    rewrite(config, listed(folder, [1, 3], canary=3))
    eventually(lambda: "label canary to version 3" in " ".join(process.errors))
    asked = f"{NAME}/labels/canary:predict"
    assert server.post(asked, {"instances": [ROW]}).status_code == 400
    shutil.copytree(base / "2", folder / ".3")
    (folder / ".3").rename(folder / "3")
    eventually(lambda: server.post(asked, {"instances": [ROW]}).status_code == 200)
    rewrite(config, listed(folder, [1, 3], canary=1))
    eventually(lambda: server.post(asked, {"instances": [ROW]}).json()["predictions"][0]["score"] == 5.0)


def test_ready_is_said_once_something_is_served_and_a_wrong_base_path_is_named(base, tmp_path):
    file = tmp_path / "models.config"
    file.write_text(listed(base.parent, [1]))
    with LocalProcess("--config", str(file), "--config-poll", "0.05", wait=False) as process:
        eventually(lambda: "holds no versions, but its folder holds them" in " ".join(process.errors), 60)
        assert process.lines == []
        rewrite(file, listed(base, [1]))
        eventually(lambda: process.lines)
        assert process.lines[0].startswith("ready: ")


def test_a_server_that_is_idle_ends_within_a_second(base):
    with LocalProcess("--base-path", str(base), "--name", NAME) as process:
        target = target_at(process.rest, process.grpc)
        assert target.predict(instances=[ROW]).status_code == 200
        grpc.channel_ready_future(target.channel).result(timeout=20)
        started = time.monotonic()
        assert process.end() == 0
        # One second on a machine of its own; here other tests share the cores.
        assert time.monotonic() - started < 3
        with pytest.raises(httpx.TransportError):
            target.predict(instances=[ROW])
