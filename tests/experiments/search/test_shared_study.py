import json
import os
import time
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from tests.support.warm_process import warm_context
from tfelc.core.errors import RunError
from tfelc.experiments.search.shared_study import JOURNAL, SharedStudy

COMPLETE = optuna.trial.TrialState.COMPLETE


def opened(folder):
    return SharedStudy(folder, {"kind": "test"}, seed=0, warmup_epochs=1)


def draw(trial):
    return {"x": trial.suggest_float("x", 0, 1), "y": trial.suggest_int("y", 1, 9)}


def end(claim):
    claim.end(COMPLETE, {"sign": 1}, claim.values["x"])
    claim.lock.release()


def test_two_processes_never_have_the_same_trial(tmp_path):
    one, other = opened(tmp_path), opened(tmp_path)
    first, second = one.claim(2, draw), other.claim(2, draw)
    assert (first.number, second.number) == (1, 2) and not second.taken_up
    # Both are conducted, and there are to be no more.
    assert one.claim(2, draw) is None and other.claim(2, draw) is None
    # What its process has left is taken up with the same values, and no other is begun before.
    first.lock.release()
    again = other.claim(9, draw)
    assert (again.number, again.taken_up, again.values) == (1, True, first.values)
    end(again)
    end(second)
    assert one.claim(2, draw) is None and [trial.state for trial in one.trials] == [COMPLETE] * 2


def test_a_trial_whose_draws_were_cut_off_gets_the_rest_of_them(tmp_path):
    def cut_off(trial):
        trial.suggest_float("x", 0, 1)
        raise KeyboardInterrupt

    study, whole = opened(tmp_path / "cut"), opened(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        study.claim(3, cut_off)
    claim = study.claim(3, draw)
    assert claim.taken_up and set(claim.values) == {"x", "y"}
    assert claim.values["x"] == whole.claim(3, draw).values["x"]


def append(path, text):
    with path.open("a") as file:
        file.write(text)


def test_half_a_line_of_a_killed_process_is_no_harm(tmp_path):
    study = opened(tmp_path)
    end(study.claim(5, draw))
    append(tmp_path / JOURNAL, '{"op_code":5,"worker_id":"a-1","trial_')
    # To one that has it open and to one that comes later.
    end(study.claim(5, draw))
    append(tmp_path / JOURNAL, '{"op_c')
    for number in (3, 4):
        claim = opened(tmp_path).claim(5, draw)
        assert claim.number == number
        end(claim)
    lines = (tmp_path / JOURNAL).read_text().splitlines()
    assert all(json.loads(line) for line in lines)
    assert [trial.state for trial in opened(tmp_path).trials] == [COMPLETE] * 4


def test_optuna_alone_cannot_read_on_after_half_a_line(tmp_path):
    """As of Optuna 5.0: it writes on behind what is left, loses that line without a word, so that a process takes an
    earlier trial for its new one, and fails at every later line. When this fails, `JournalLock` has less to do."""
    path = str(tmp_path / "plain.journal")
    study = optuna.create_study(storage=JournalStorage(JournalFileBackend(path)))
    study.tell(study.ask(), 1.0)
    append(tmp_path / "plain.journal", '{"op_code":5,"worker')
    with pytest.raises((json.JSONDecodeError, ValueError, AssertionError)):
        for _ in range(3):
            study.tell(study.ask(), 1.0)
        JournalStorage(JournalFileBackend(path))


def conduct(folder: Path, total: int) -> None:
    """Conducts trials that take a moment each, and says of each that it was conducted to its end."""
    study = opened(folder)
    while (claim := study.claim(total, draw)) is not None:
        with claim.lock:
            log = folder / f"conducted-{claim.number}"
            append(log, "begun\n")
            claim.report([0.1, claim.values["x"]])
            time.sleep(0.02)
            claim.end(COMPLETE, {"sign": 1}, claim.values["x"])
            append(log, f"ended by {os.getpid()}\n")


def test_processes_that_are_killed_lose_no_trial_and_conduct_none_twice(tmp_path):
    total = 12
    processes = [warm_context().Process(target=conduct, args=(tmp_path, total)) for _ in range(2)]
    for process in processes:
        process.start()
    kills = 0
    deadline = time.monotonic() + 120
    while any(process.is_alive() for process in processes):
        assert time.monotonic() < deadline
        time.sleep(0.15)
        if kills < 3 and processes[kills % 2].is_alive() and list(tmp_path.glob("conducted-*")):
            processes[kills % 2].kill()
            processes[kills % 2].join()
            processes[kills % 2] = warm_context().Process(target=conduct, args=(tmp_path, total))
            processes[kills % 2].start()
            kills += 1
    conduct(tmp_path, total)  # What the last one killed has left.
    trials = opened(tmp_path).trials
    assert len(trials) == total and {trial.state for trial in trials} == {COMPLETE}
    assert sorted(tmp_path.glob("trial-*"))[-1].name == f"trial-{total:04d}"
    for number, trial in enumerate(trials, start=1):
        lines = (tmp_path / f"conducted-{number}").read_text().splitlines()
        # One that was killed has begun it more than once; it has ended once, or was killed before it could say so.
        assert sum(line.startswith("ended") for line in lines) <= 1 <= sum(line == "begun" for line in lines)
        assert trial.value == trial.params["x"] and trial.intermediate_values[2] == trial.params["x"]
    assert len({trial.params["x"] for trial in trials}) == total


def test_a_damaged_identity_is_one_line(tmp_path):
    opened(tmp_path)
    (tmp_path / "search.json").write_text("half a")
    with pytest.raises(RunError, match="search.json: damaged; name another folder by `runs`"):
        opened(tmp_path)
