"""Clients in other languages, with their own defaults, and what a shell sends, against the server under test."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.serving.conftest import NAME, ROW

LANGUAGES = Path(__file__).parent / "languages"
# A small virtual machine starts sooner; it runs for a second.
JAVA = ["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", str(LANGUAGES / "Client.java")]
NODE = ["node", str(LANGUAGES / "client.mjs")]


def without(program, minimum=""):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"needs {program}{minimum}")


@pytest.fixture
def body(tmp_path):
    file = tmp_path / "body.json"
    file.write_text(json.dumps({"instances": [ROW]}))
    return file


COMMANDS = [
    pytest.param(JAVA, marks=without("java", " 17 or newer"), id="java"),
    pytest.param(NODE, marks=without("node", " 20 or newer"), id="node"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_client_with_its_own_defaults(target, body, command):
    address = f"{target.rest}/v1/models/{NAME}:predict"
    answer = subprocess.run([*command, address, str(body)], capture_output=True, text=True, timeout=120)
    expected = target.predict(instances=[ROW]).json()
    lines = answer.stdout.splitlines()
    assert len(lines) > 0, answer.stderr
    text = "\n".join(lines)
    assert text.count("200 {") == 3, text
    found = [json.loads(part) for part in text.split("200 ") if part]
    assert found == [expected] * 3


@without("curl")
@pytest.mark.parametrize(
    "options", [["--http2"], ["--http1.0"], ["-H", "Expect: 100-continue"], ["--compressed"]], ids=str
)
def test_curl(target, body, options):
    address = f"{target.rest}/v1/models/{NAME}:predict"
    command = ["curl", "-s", *options, "-w", "\n%{http_code}", "-d", f"@{body}", address]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=30).stdout
    text, _, code = answer.rpartition("\n")
    assert code == "200" and json.loads(text) == target.predict(instances=[ROW]).json()
