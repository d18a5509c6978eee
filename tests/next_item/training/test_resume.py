"""A next-item run that SIGKILL stopped and `--resume` went on with is the run that nothing stopped, to the bit."""

import json
import re
import shutil
import signal

import numpy as np
import pytest

from tests.support.sequence_training import (
    WITHOUT_VIEWS,
    assert_same_outcome,
    finished,
    training_process,
    write_sequences,
)

STEPS = 13  # an epoch of the 120 users
SETTINGS = (*WITHOUT_VIEWS, "training.checkpoint_seconds=0")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_sequences(tmp_path_factory.mktemp("data") / "own.txt")


@pytest.fixture(scope="module")
def killed(tmp_path_factory, source):
    """The run after its end, what it printed then, and copies of its folder as the kills left it."""
    folder = tmp_path_factory.mktemp("killed")
    run, copies = folder / "run", []
    (folder / "bare.yaml").write_text("{}")  # as the run to compare with: settings of no file
    # Inside the second epoch, whose first five steps are saved; then while the state after the second epoch is being
    # written, its best weights being written already; then inside the third, a checkpoint being half written.
    moments = [("next_item_step", STEPS + 6), ("write", STEPS - 5 + 2), ("write", 4)]
    for number, moment in enumerate(moments):
        more = ("--resume",) if number else ("--dataset", source, "--config", folder / "bare.yaml")
        process = training_process(run, *more, killed_at=moment, settings=() if number else SETTINGS)
        _, err = process.communicate(timeout=900)
        assert process.returncode == -signal.SIGKILL, err
        copies.append(folder / f"killed_{number}")
        shutil.copytree(run, copies[-1])
    process = training_process(run, "--resume")
    out, err = process.communicate(timeout=900)
    assert (process.returncode, err) == (0, "")
    return run, out, copies


@pytest.mark.slow
def test_the_end_is_that_of_a_run_without_a_stop(killed, source, tmp_path):
    reference = finished(tmp_path / "run", source, *SETTINGS)
    assert len(reference.trainable.batches) == STEPS
    assert_same_outcome(killed[0], tmp_path / "run")


def test_the_kills_came_when_they_should(killed):
    inside, writing, half = killed[2]
    assert _position(inside) == (1, 5) and not list(inside.rglob(".*.tmp"))
    assert _position(writing) == (1, STEPS)
    assert len(json.loads((writing / "history.json").read_text())["history"]) == 2
    # Where no step was left, the second epoch was only measured again.
    assert _position(half) == (2, 1)
    for folder in (writing, half):
        assert [path.name[:10] for path in folder.rglob(".*.tmp")] == [".last.npz."]


def _position(run):
    with np.load(run / "checkpoints" / "last.npz", allow_pickle=False) as file:
        state = json.loads(file["state"].tobytes())
    return state["epoch"], state["step"]


def test_it_prints_a_line_for_each_epoch_that_was_left_the_result_and_where_it_lies(killed):
    run, out, _ = killed
    lines = out.splitlines()
    history = json.loads((run / "history.json").read_text())["history"]
    for line, epoch in zip(lines, history[2:], strict=False):
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
