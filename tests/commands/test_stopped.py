"""Commands that are stopped from outside: what they leave, what they say, and how they end."""

import signal
import subprocess
import sys
import time

import pytest

from tests.support.interruptible import interruptible
from tests.support.training import ROOT


def started(*arguments):
    command = [sys.executable, "-m", "tfelc.commands", *map(str, arguments)]
    with interruptible():
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(found, process, seconds=120):
    deadline = time.monotonic() + seconds
    while not found():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_a_preparation_leaves_nothing_and_one_that_was_killed_is_cleaned_up_after(tmp_path, number, code, word):
    asked = ("prepare", "simulated", "--rows", 1_000_000, "--out", tmp_path / "data")
    killed = started(*asked)
    wait_for(lambda: list(tmp_path.glob(".data.*.part/train")), killed)
    killed.kill()
    killed.communicate()
    (left,) = tmp_path.iterdir()
    process = started(*asked)
    wait_for(lambda: [path for path in tmp_path.glob(".data.*.part/train") if path.parent != left], process)
    # Before anything is written the leftover of the killed one is gone.
    assert not left.exists()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, "")
    assert err == f"error: {word}; nothing is left behind; start it again\n"
    assert list(tmp_path.iterdir()) == []


def test_a_training_says_how_to_go_on(every_kind_dataset, tmp_path):
    process = started(
        "train", "--task", "click,buy", "--data", every_kind_dataset.path, "--run", tmp_path / "a run",
        "--set", "training.epochs=100000", "--set", "training.early_stopping.patience=100000",
    )  # fmt: skip
    wait_for(lambda: (tmp_path / "a run" / "history.json").exists(), process)
    process.terminate()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert err == (
        f"error: terminated; go on with it by tfelc train --task click,buy --run '{tmp_path}/a run' --resume\n"
    )
    assert not list((tmp_path / "a run").rglob(".*.tmp"))
