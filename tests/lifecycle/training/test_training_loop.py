import io
import json
import math
import os
import re

import numpy as np
import pytest
from rich.console import Console

from tests.support.toy_training import STEPS, Counter, toy_loop
from tfelc.core.errors import RunError
from tfelc.core.folder_lock import FolderLock
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.training.checkpoint import load_checkpoint, save_checkpoint
from tfelc.lifecycle.training.checkpoints import Checkpoints
from tfelc.lifecycle.training.training_loop import TrainingLoop
from tfelc.lifecycle.training.workers.workers import Workers

AUCS = (0.6, 0.8, 0.7, 0.9)


def history(path):
    """The content of `history.json`, but for the times."""
    text = (path / "history.json").read_text()
    return json.loads(re.sub(r'"(samples_per_second|seconds)": [\d.e+-]+', r'"\1": 0', text))


def arrays(path):
    with np.load(path, allow_pickle=False) as file:
        return {key: file[key].tobytes() for key in file.files if key != "state"}


def test_every_epoch_is_kept_with_losses_result_and_rate(tmp_path):
    loop = toy_loop(tmp_path / "run", Counter(AUCS))
    loop.train()
    content = json.loads((tmp_path / "run" / "history.json").read_text())
    assert content == loop.history.to_json()
    assert (content["best"], content["best_epoch"]) == (0.9, 4) and content["seconds"] > 0
    # The weight goes 1, 2, 3 in the first epoch, 4, 5, 6 in the second.
    assert [epoch["losses"] for epoch in content["history"]] == [{"loss": mean} for mean in (2.0, 5.0, 8.0, 11.0)]
    assert [epoch["epoch"] for epoch in content["history"]] == [1, 2, 3, 4]
    for epoch, auc in zip(content["history"], AUCS, strict=True):
        assert EvaluationResult.of_epoch(epoch) == EvaluationResult("validation", "rows", 7, {"toy": {"auc": auc}})
        assert epoch["samples_per_second"] > 0 and epoch["health"] == {}


@pytest.mark.parametrize(
    ("aucs", "patience", "epochs", "best"),
    [
        ((0.6, 0.8, 0.7, 0.9), 2, 4, 4),
        ((0.6, 0.8, 0.7, 0.9), 1, 3, 2),
        ((0.6, 0.8, 0.7, 0.9), 0, 3, 2),  # A patience of no epoch is that of one.
        ((0.8, 0.8, 0.8, 0.9), 2, 3, 1),  # As good as the best is no better.
        ((math.nan, 0.5, math.nan, 0.3), 2, 4, 2),  # What is not defined is never the best,
        ((math.nan, math.nan, math.nan, math.nan), 2, 4, 4),  # and where nothing is, the last epoch is kept.
    ],
)
def test_it_stops_when_told_and_keeps_the_best(tmp_path, aucs, patience, epochs, best):
    trainable = Counter(aucs)
    loop = toy_loop(tmp_path / "run", trainable, patience=patience)
    assert loop.train() is trainable
    assert (len(loop.history.epochs), loop.history.best_epoch) == (epochs, best)
    assert float(trainable.weight) == STEPS * best
    assert loop.test().split == "test"
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics.pop("best_epoch") == best
    assert EvaluationResult.from_json(metrics).split == "test"
    # Over is over, also for a later call, in this process or in another.
    for again in (loop, toy_loop(tmp_path / "run", Counter(aucs))):
        assert float(again.train().weight) == STEPS * best and len(again.history.epochs) == epochs


def test_epochs_of_pretraining_come_first_are_measured_and_never_kept(tmp_path):
    class Pretrained(Counter):
        pretraining_epochs = 2

    aucs, console = (0.99, 0.1, 0.6, 0.8, 0.7, 0.65), Console(file=io.StringIO(), width=200)
    loop = toy_loop(tmp_path / "run", Pretrained(aucs), console=console, patience=2)
    trained = loop.train()
    # Neither does the first count as the best, nor the fall after it as patience; all four epochs are left.
    assert (len(loop.history.epochs), loop.history.best, loop.history.best_epoch) == (6, 0.8, 4)
    assert float(trained.weight) == STEPS * 4
    lines = [line.split("  ")[0] for line in console.file.getvalue().splitlines()]
    assert lines == [*(f"pre-training epoch {epoch}/6" for epoch in (1, 2)), *(f"epoch {n}/6" for n in (3, 4, 5, 6))]


def test_a_metric_of_which_less_is_better(tmp_path):
    class Costs(Counter):
        def evaluate(self, split):
            result = super().evaluate(split)
            result.metrics["toy"]["logloss"] = 1 - result.metrics["toy"]["auc"]
            return result

    loop = toy_loop(tmp_path / "run", Costs(AUCS), metric="toy.logloss", patience=1)
    loop.train()
    assert loop.history.best_epoch == 2 and loop.history.best == pytest.approx(-0.2)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_ends_it_with_what_to_do(tmp_path, value):
    class Diverging(Counter):
        divergence_advice = "count more slowly"

        def losses(self):
            return {"loss": 1.0, "part": value if self.weight > STEPS else 1.0}

    loop = toy_loop(tmp_path / "run", Diverging(AUCS))
    with pytest.raises(RunError) as failure:
        loop.train()
    said = "training diverged in epoch 2 (`part` is not finite); count more slowly"
    assert str(failure.value) == f"{tmp_path / 'run'}: {said}"
    assert len(loop.history.epochs) == 1 and loop.run.best.exists()


class _Stopped(BaseException):
    pass


def stopping(owner, name, call, after=False):
    """Makes the n-th call of a method end all, before it does anything or after."""
    patch = pytest.MonkeyPatch()
    function, calls = getattr(owner, name), 0

    def counted(*arguments, **named):
        nonlocal calls
        calls += 1
        if calls == call and not after:
            raise _Stopped
        result = function(*arguments, **named)
        if calls == call:
            raise _Stopped
        return result

    patch.setattr(owner, name, counted)
    return patch


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "run"
    loop = toy_loop(path, Counter(AUCS, first=100.0))
    loop.train()
    loop.test()
    return path


# Saves: one of the start, and in each of the four epochs one a step and one at its end.
MOMENTS = [
    *((Checkpoints, "save", call, after) for call in (1, 2, 3, 4, 5, 9, 17) for after in (False, True)),
    *((TrainingLoop, "_judge", call, after) for call in (1, 4) for after in (False, True)),
    (Checkpoints, "save_best", 2, True),
    (TrainingLoop, "test", 1, False),
]


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: f"{moment[1]}-{moment[2]}-{moment[3]}")
def test_stopped_at_any_moment_it_goes_on_to_the_same_end(tmp_path, whole, moment):
    path = tmp_path / "run"
    patch = stopping(*moment)
    loop = toy_loop(path, Counter(AUCS, first=100.0))
    with pytest.raises(_Stopped):
        loop.train()
        loop.test()
    patch.undo()
    (path / "checkpoints" / ".last.npz.1.tmp").write_text("half a file")
    resumed = toy_loop(path, Counter(AUCS, first=100.0))
    resumed.train()
    resumed.test()
    for name in ("last.npz", "best.npz"):
        assert arrays(path / "checkpoints" / name) == arrays(whole / "checkpoints" / name)
    assert history(path) == history(whole)
    assert (path / "metrics.json").read_bytes() == (whole / "metrics.json").read_bytes()
    assert not list(path.rglob(".*.tmp"))


def test_whoever_is_called_after_each_epoch_may_end_it_and_it_goes_on(tmp_path, whole):
    path, called = tmp_path / "run", []

    def after_epoch(history):
        called.append((len(history.epochs), history.best, (path / "checkpoints" / "last.npz").stat().st_mtime_ns))
        if len(called) == 2:
            raise _Stopped

    with pytest.raises(_Stopped):
        toy_loop(path, Counter(AUCS, first=100.0)).train(after_epoch)
    # What it was called about is saved: nothing of it is trained again.
    resumed = toy_loop(path, Counter(AUCS, first=100.0))
    assert len(resumed.history.epochs) == 2 and len(json.loads((path / "history.json").read_text())["history"]) == 2
    resumed.train(after_epoch)
    assert [call[:2] for call in called] == [(1, 0.6), (2, 0.8), (3, 0.8), (4, 0.9)]
    assert len({call[2] for call in called}) == 4
    assert arrays(path / "checkpoints" / "last.npz") == arrays(whole / "checkpoints" / "last.npz")


def test_weights_are_initialized_once(tmp_path):
    class Started(Counter):
        starts = 0

        def initialize_weights(self):
            super().initialize_weights()
            Started.starts += 1

    for moment in ((Checkpoints, "save", 1, True), (Checkpoints, "save", 3, True)):
        patch = stopping(*moment)
        with pytest.raises(_Stopped):
            toy_loop(tmp_path / "run", Started(AUCS)).train()
        patch.undo()
    toy_loop(tmp_path / "run", Started(AUCS)).train()
    assert Started.starts == 1


@pytest.mark.parametrize(("seconds", "saves"), [(0, 1 + 4 * (STEPS + 1)), (3600, 1 + 4)])
def test_a_checkpoint_is_written_every_so_often(tmp_path, monkeypatch, seconds, saves):
    positions = []
    save = Checkpoints.save

    def noted(self, epoch, step, history):
        positions.append((epoch, step))
        save(self, epoch, step, history)

    monkeypatch.setattr(Checkpoints, "save", noted)
    toy_loop(tmp_path / "run", Counter(AUCS), checkpoint_seconds=seconds).train()
    assert len(positions) == saves and positions == sorted(set(positions))
    assert positions[0] == (0, 0) and positions[-1] == (4, 0)


def test_a_lost_last_checkpoint_is_no_reason_to_begin_again(tmp_path):
    loop = toy_loop(tmp_path / "run", Counter(AUCS))
    loop.train()
    loop.run.last.unlink()
    with pytest.raises(RunError, match="last.npz: no such checkpoint"):
        toy_loop(tmp_path / "run", Counter(AUCS))


@pytest.mark.parametrize("deterministic", [True, False])
def test_another_number_of_threads_is_warned_of(tmp_path, monkeypatch, deterministic):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    toy_loop(tmp_path / "run", Counter(AUCS), deterministic=deterministic).train()
    assert json.loads((tmp_path / "run" / "run.json").read_text())["machine"]["threads"] == 3
    said = io.StringIO()
    toy_loop(tmp_path / "run", Counter(AUCS), Console(file=said, width=400))
    assert said.getvalue() == ""
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "5")
    toy_loop(tmp_path / "run", Counter(AUCS), Console(file=said, width=400))
    warned = "warning: the run was begun with 3 threads and goes on with 5" in said.getvalue()
    assert warned == deterministic and said.getvalue().count("TF_NUM_INTRAOP_THREADS=3 ") == warned


def test_a_checkpoint_of_an_earlier_version_is_refused_in_one_line(tmp_path):
    loop = toy_loop(tmp_path / "run", Counter(AUCS))
    loop.train()
    state = load_checkpoint(loop.run.last, loop.trainable.checkpoint_variables())
    del state["trainable"]
    save_checkpoint(loop.run.last, loop.trainable.checkpoint_variables(), state)
    with pytest.raises(RunError, match=r"^[^\n]*last.npz: saved by an earlier version of tfelc[^\n]*$"):
        toy_loop(tmp_path / "run", Counter(AUCS))


def test_two_trainings_never_share_a_run(tmp_path):
    loop = toy_loop(tmp_path / "run", Counter(AUCS))
    elsewhere = FolderLock(tmp_path / "run")
    elsewhere.acquire()
    for start in (loop.resume, loop.train):
        with pytest.raises(RunError, match=rf"run: is being trained by process {os.getpid()} on .*; wait for its end"):
            start()
    elsewhere.release()
    loop.train()
    # Let go of at its end.
    assert elsewhere.acquire() is None


@pytest.mark.parametrize("rank", [0, 1])
def test_no_worker_leaves_before_all_have_come_to_the_end(tmp_path, rank):
    said = []

    class Two(Workers):
        count = 2

        def any(self, said_here):
            said.append("asked")
            return said_here

        def finish(self):
            said.append("finished")

    trainable = Counter(AUCS)
    trainable.workers = Two()
    loop = toy_loop(tmp_path / "run", trainable)
    loop._initialized()
    trainable.workers.rank = rank
    loop.train()
    assert said.count("finished") == 1 and said[-1] == "finished"
