"""Processes that are started together end together, whatever ends one of them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.warm_process import ROOT
from tfelc.core.errors import TfelcError
from tfelc.lifecycle.training.workers import launch as module
from tfelc.lifecycle.training.workers.launch import launch

BEGIN = "import json, os, signal, sys, time; rank = json.loads(os.environ['TF_CONFIG'])['task']['index']; "


@pytest.fixture
def workers(monkeypatch):
    """Starts two that run a script in the place of tfelc."""

    def start(script):
        monkeypatch.setattr(module, "_COMMAND", (sys.executable, "-c", BEGIN + script))
        launch(2, [], "tfelc train --resume")

    return start


def failure(workers, script):
    with pytest.raises(TfelcError) as caught:
        workers(script)
    return str(caught.value), caught.value.exit_code


def test_all_end_well(workers, capfd):
    workers("print('seen' if rank == 0 else 'dropped'); print(rank, file=sys.stderr)")
    out, err = capfd.readouterr()
    # TensorFlow in this process may write to standard error meanwhile.
    assert out == "seen\n" and "0" in err.splitlines() and "1" not in err.splitlines()


def test_one_that_is_killed_is_named_and_the_other_does_not_outlive_it(workers):
    begun = time.monotonic()
    # As one that waits in TensorFlow, the other hears no signal that Python handles.
    other = "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    said, code = failure(workers, f"os.kill(os.getpid(), 9) if rank else None; {other}")
    assert said == "worker 1 was ended by SIGKILL, and the others were stopped; go on by tfelc train --resume"
    assert code == 1 and time.monotonic() - begun < 30


def test_the_fault_of_one_is_that_of_all_with_its_exit_code(workers, capfd):
    script = "sys.stderr.write('note\\nerror: bad value\\n'); sys.exit(2)"
    assert failure(workers, f"time.sleep(60) if rank == 0 else None; {script}") == ("bad value", 2)
    out, err = capfd.readouterr()
    assert out == "" and "note" not in err and "bad value" not in err


def test_the_reason_is_told_and_not_that_another_is_gone(workers):
    lost = "sys.stderr.write('error: another worker is gone; start again\\n'); sys.exit(1)"
    script = f"os.write(2, b'error: the disk is full\\n') and os._exit(1) if rank else None; {lost}"
    assert failure(workers, script) == ("the disk is full", 1)


def test_an_end_without_a_word_has_its_last_line(workers):
    said, code = failure(workers, "sys.stderr.write('Fatal: no memory\\n'); sys.exit(7)")
    assert said.endswith("ended with exit code 7: Fatal: no memory") and code == 7


def test_they_end_with_the_process_that_started_them(tmp_path):
    worker = (
        "from tfelc.lifecycle.training.workers.end_with_launcher import end_with_launcher; "
        f"open(r'{tmp_path}/' + str(os.getpid()), 'w'); end_with_launcher(); time.sleep(60)"
    )
    script = (
        "import sys\nfrom tfelc.lifecycle.training.workers import launch as module\n"
        f"module._COMMAND = (sys.executable, '-c', {BEGIN + worker!r})\nmodule.launch(2, [], '')"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    parent.kill()
    parent.wait()
    wait_until(lambda: not any(is_alive(int(path.name)) for path in tmp_path.iterdir()))


def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_alive(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{number}/stat")
    # One that is dead may still wait for its new parent to ask.
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
