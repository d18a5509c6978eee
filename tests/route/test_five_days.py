"""The walk of docs/five_days, line by line: what the script says comes about as it says."""

import importlib.util
import json
import shlex
import socket
from pathlib import Path

import pytest

from tests.support.command import call
from tests.support.warm_process import ROOT, WarmProcess

WALK = ROOT / "docs" / "five_days"


def lines():
    """The script's commands; what is the shell's alone is left out."""
    text = (WALK / "walk.sh").read_text().replace("\\\n", " ")
    commands = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert commands[:2] == ["set -euo pipefail", 'here="$(cd "$(dirname "$0")" && pwd)"']
    assert [line for line in commands if "server" in line] == ["server=$!", "trap 'kill \"$server\"' EXIT"]
    return [line for line in commands[2:] if "server" not in line and line.split()[0] not in ("echo", "exit", "fi")]


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@pytest.fixture
def shop():
    spec = importlib.util.spec_from_file_location("shop", WALK / "shop.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_every_line_of_it_does_what_it_says(tmp_path, monkeypatch, shop):
    monkeypatch.chdir(tmp_path)
    ports = {"8501": free_port(), "8500": free_port()}
    said = {}
    server = None
    try:
        for line in lines():
            for written, free in ports.items():
                line = line.replace(written, free)
            words = shlex.split(line.replace("$here", str(WALK)).removesuffix("; then"))
            if words[-1] == "&":
                server = WarmProcess("tfelc.commands", words[1:-1], folder=tmp_path)
            elif words[0] == "python":
                shop.main(words[2:])
            else:
                wanted = 1 if words[0] == "if" else 0
                outcome = call(*words[words.index("tfelc") + 1 :])
                assert outcome.code == wanted, (line, outcome.out, outcome.err)
                said[line] = outcome
    finally:
        if server is not None:
            server.terminate()
            server.wait(60)
    assert server.returncode == 0, server.communicate()
    trained = [Path("runs", name, "run.json") for name in ("tuesday", "wednesday", "friday")]
    starts = [Path(json.loads(path.read_text())["warm_start"]["run"]).name for path in trained]
    assert starts == ["monday", "tuesday", "wednesday"]
    assert sorted(path.name for path in Path("exports/ranker").iterdir()) == ["1", "2", "3", "4", "models.config"]
    config = Path("exports/ranker/models.config").read_text()
    assert "stable" in config and "value: 3" in config  # Friday's is the fourth, Wednesday's the third
    assert "ctr" in Path("refused.html").read_text() and Path("monitor.html").exists()
