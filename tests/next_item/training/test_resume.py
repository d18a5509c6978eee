"""A next-item run that SIGKILL stopped and `--resume` went on with is the run that nothing stopped, to the bit."""

import json
import re
import shutil
import signal

import numpy as np
import pytest

from tests.support.sequence_training import WITHOUT_VIEWS, assert_same_outcome, finished, start_command, write_sequences

STEPS = 13  # an epoch of the 120 users


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_sequences(tmp_path_factory.mktemp("data") / "own.txt")


@pytest.fixture(scope="module")
def killed(tmp_path_factory, source):
    """The run after its end, what it printed then, and copies of its folder as the two kills left it."""
    folder = tmp_path_factory.mktemp("killed")
    run, copies = folder / "run", []
    (folder / "bare.yaml").write_text("{}")  # as the run to compare with: settings of no file
    # Inside the second epoch; then while the state after it is being written, its best weights being written already.
    for number, moment in enumerate([("sequence_step", STEPS + 5), ("write", 2)]):
        more = ("--resume",) if number else ("--dataset", source, "--config", folder / "bare.yaml")
        process = start_command(run, *more, killed_at=moment, settings=() if number else WITHOUT_VIEWS)
        _, err = process.communicate(timeout=900)
        assert process.returncode == -signal.SIGKILL, err
        copies.append(folder / f"killed_{number}")
        shutil.copytree(run, copies[-1])
    process = start_command(run, "--resume")
    out, err = process.communicate(timeout=900)
    assert (process.returncode, err) == (0, "")
    return run, out, copies


@pytest.mark.slow
def test_the_end_is_that_of_a_run_without_a_stop(killed, source, tmp_path):
    reference = finished(tmp_path / "run", source, *WITHOUT_VIEWS)
    assert len(reference.batches) == STEPS
    assert_same_outcome(killed[0], tmp_path / "run")


def test_the_kills_came_when_they_should(killed):
    inside, writing = killed[2]
    assert _epochs(inside) == 1 and not list(inside.rglob(".*.tmp"))
    assert _epochs(writing) == 1 and [path.name[:10] for path in writing.rglob(".*.tmp")] == [".last.npz."]
    assert len(json.loads((writing / "history.json").read_text())["history"]) == 2


def _epochs(run):
    with np.load(run / "checkpoints" / "last.npz", allow_pickle=False) as file:
        return len(json.loads(file["state"].tobytes())["history"])


def test_it_prints_a_line_for_each_epoch_that_was_left_the_result_and_where_it_lies(killed):
    run, out, _ = killed
    lines = out.splitlines()
    history = json.loads((run / "history.json").read_text())["history"]
    for line, epoch in zip(lines, history[1:], strict=False):
        found = epoch["validation"]
        metrics = found["metrics"]["next_item"]
        assert line == (
            f"epoch {epoch['epoch']}/4  loss {epoch['losses']['loss']:.4f}  validation HR@20 "
            f"{metrics['hr@20']:.4f}  NDCG@20 {metrics['ndcg@20']:.4f}  clusters in use "
            f"{found['clusters']['in_use']:.1f}  {epoch['samples_per_second']:,} samples/s"
        )
    metrics = json.loads((run / "metrics.json").read_text())["metrics"]["next_item"]
    (row,) = [line.split() for line in lines if re.match(r"\s+NDCG ", line)]
    assert row == ["NDCG", *(f"{metrics[f'ndcg@{cutoff}']:.4f}" for cutoff in (5, 10, 20))]
    assert lines[-2:] == [f"run folder: {run}", f"TensorBoard: tensorboard --logdir {run}/logs"]
