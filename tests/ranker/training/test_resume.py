"""A run that a SIGKILL stopped and `--resume` went on with is the run that nothing stopped, to the bit."""

import json
import random
import re
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.support.training import training_process

# Where the runs are killed, in order. `save` 1 is before the first checkpoint; `write` 9 is inside the second epoch of
# 15 steps, while the file of a checkpoint is half written; "outside" is whenever it happens to be after some more.
KILLS = {
    "early": [("save", 1), ("write", 9)],
    "late": [("judge", 1), ("judged", 1), "outside"],
}


def ended(process):
    out, err = process.communicate(timeout=900)
    return process.returncode, out, err


def killed(data, run, moment, resume):
    if moment == "outside":
        process = training_process(data, run, resume=resume)
        wait_for_checkpoints(process, run / "checkpoints" / "last.npz", random.randint(1, 6))
        time.sleep(random.uniform(0, 0.05))
        process.kill()
    else:
        process = training_process(data, run, resume=resume, killed_at=moment)
    code, _, err = ended(process)
    # Under load the shot from outside may come after the end, which must be no harm either.
    assert code == -signal.SIGKILL or (moment == "outside" and code == 0), err


def wait_for_checkpoints(process, file, count):
    seen = set()
    while len(seen) <= count and process.poll() is None:
        seen.add(file.stat().st_mtime_ns)
        time.sleep(0.001)


@pytest.fixture(scope="module")
def killed_runs(tmp_path_factory, every_kind_dataset):
    """Each run of KILLS after its end, and copies of its folder as the kills left it."""
    data = every_kind_dataset.path

    def chain(name):
        folder = tmp_path_factory.mktemp(name)
        run = folder / "run"
        copies = []
        for number, moment in enumerate(KILLS[name]):
            killed(data, run, moment, resume=number > 0)
            copies.append(folder / f"killed_{number}")
            shutil.copytree(run, copies[-1])
        code, _, err = ended(training_process(data, run, resume=True))
        assert (code, err) == (0, "")
        return run, copies

    with ThreadPoolExecutor() as pool:
        return dict(zip(KILLS, pool.map(chain, KILLS), strict=True))


def arrays(path):
    with np.load(path, allow_pickle=False) as file:
        return {key: file[key] for key in file.files if key != "state"}


def history(run):
    text = (run / "history.json").read_text()
    return json.loads(re.sub(r'"(rows_per_second|seconds)": [\d.e+-]+', r'"\1": 0', text))


@pytest.mark.slow
@pytest.mark.parametrize("name", KILLS)
def test_the_end_is_that_of_a_run_without_a_stop(name, killed_runs, trained_run):
    run, _ = killed_runs[name]
    for checkpoint in ("last.npz", "best.npz"):
        found, wanted = (arrays(path / "checkpoints" / checkpoint) for path in (run, trained_run.path))
        assert found.keys() == wanted.keys()
        different = [key for key in wanted if found[key].tobytes() != wanted[key].tobytes()]
        assert different == []
    assert history(run) == history(trained_run.path)
    assert (run / "metrics.json").read_bytes() == (trained_run.path / "metrics.json").read_bytes()
    assert not [path.name for path in run.rglob(".*.tmp")]


def test_the_kills_came_when_they_should(killed_runs):
    before_first, while_writing = killed_runs["early"][1]
    assert not list(before_first.glob("checkpoints/*"))
    assert len(list(while_writing.glob("checkpoints/.last.npz.*.tmp"))) == 1
    assert position(while_writing) == {"epoch": 1, "step": 4}  # 8 files: start, 4 executions, best, epoch, 1 more.
    unmeasured, measured, _ = killed_runs["late"][1]
    assert position(unmeasured) == position(measured) == {"epoch": 0, "step": 15}
    assert not (unmeasured / "checkpoints" / "best.npz").exists()
    assert (measured / "checkpoints" / "best.npz").exists() and not (measured / "history.json").exists()


def position(run):
    with np.load(run / "checkpoints" / "last.npz", allow_pickle=False) as file:
        state = json.loads(file["state"].tobytes())
    return {name: state[name] for name in ("epoch", "step")}
