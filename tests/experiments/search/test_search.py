import io
import json
import math
import shutil

import numpy as np
import pytest
from optuna.trial import TrialState
from rich.console import Console

from tests.support.toy_search import WHOLE, ToySearched, X, growing, toy_search
from tests.support.toy_training import STEPS, Counter
from tfelc.core.errors import ConfigError, RunError
from tfelc.lifecycle.training.checkpoints import Checkpoints


def values(study):
    return [trial.params[X] for trial in study.trials]


def states(study):
    return [trial.state.name for trial in study.trials]


def arrays(path):
    with np.load(path, allow_pickle=False) as file:
        return {key: file[key].tobytes() for key in file.files if key != "state"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A search of 14 trials that nothing stopped: ten at random, and four that learn from them."""
    folder = tmp_path_factory.mktemp("whole") / "runs"
    out = io.StringIO()
    study, _ = toy_search(folder, 14, console=Console(file=out, width=200))
    return folder, study, out.getvalue().splitlines()


def test_trials_are_counted_told_and_judged_by_their_best_epoch(whole):
    folder, study, lines = whole
    assert len(study.trials) == len(lines) == 14
    best = -math.inf
    for number, (trial, line) in enumerate(zip(study.trials, lines, strict=True), start=1):
        top = 0.9 - abs(trial.params[X] - 3) / 100
        history = json.loads((folder / f"trial-{number:04d}" / "seed-0" / "history.json").read_text())
        if trial.state == TrialState.PRUNED:
            epochs = len(history["history"])
            assert epochs < 4 and f"given up after epoch {epochs}" in line
            continue
        best = max(best, top)
        assert trial.value == pytest.approx(top) and history["best_epoch"] == 4
        assert line.startswith(f"trial {number}/14  toy.auc {top:.4f}  (best {best:.4f}, trial ")
        assert f"{X}={trial.params[X]:.4g}" in line


def test_trials_after_the_first_ones_learn_from_them(whole):
    _, study, _ = whole
    first, later = (np.abs(np.array(part) - 3).mean() for part in (values(study)[:10], values(study)[10:]))
    assert later < first


def test_the_same_seed_draws_the_same_trials(whole, tmp_path):
    again, _ = toy_search(tmp_path / "same", 6)
    other, _ = toy_search(tmp_path / "other", 6, seed=1)
    assert values(again) == values(whole[1])[:6]
    assert len(set(values(other)) & set(values(again))) == 0 and len(set(values(other))) == 6


def test_a_search_in_parts_is_that_of_one_piece(whole, tmp_path):
    """A sampler that was seeded once would draw the first trials again in each process."""
    for trials in (1, 4, 5, 11, 14):
        study, _ = toy_search(tmp_path / "runs", trials)
        assert len(study.trials) == trials
    assert values(study) == values(whole[1])
    assert states(study) == states(whole[1])


class _Stopped(BaseException):
    pass


# Saves of a trial that is not given up: the start, and in each of four epochs three steps and the end.
@pytest.mark.parametrize("moment", [("save", 18), ("save", 25), ("restore_best", 2), ("save_best", 5)])
def test_a_trial_that_was_stopped_is_taken_up_where_it_was(whole, tmp_path, moment, monkeypatch):
    name, call = moment
    function, calls = getattr(Checkpoints, name), 0

    def stopping(self, *arguments):
        nonlocal calls
        calls += 1
        if calls == call:
            raise _Stopped
        function(self, *arguments)

    steps = []

    class Noted(Counter):
        def fit_epoch(self, epoch, start_step, on_step):
            def noted(step):
                on_step(step)
                steps.append((epoch, step))

            super().fit_epoch(epoch, start_step, noted)

    # Every step is saved.
    settings, zero = {WHOLE: {"low": 10, "high": 12}}, ToySearched(growing, Noted)
    monkeypatch.setattr(Checkpoints, name, stopping)
    with pytest.raises(_Stopped):
        toy_search(tmp_path / "runs", 3, zero, settings)
    monkeypatch.setattr(Checkpoints, name, function)
    out = io.StringIO()
    study, _ = toy_search(tmp_path / "runs", 3, zero, settings, Console(file=out, width=200))
    assert "trial 2/3  was left by a stopped process and is taken up" in out.getvalue()
    other, _ = toy_search(tmp_path / "other", 3, ToySearched(), settings)
    assert [trial.params for trial in study.trials] == [trial.params for trial in other.trials]
    assert [trial.intermediate_values for trial in study.trials] == [one.intermediate_values for one in other.trials]
    assert states(study) == states(other) == ["COMPLETE"] * 3
    for number in (1, 2, 3):
        for file in ("last.npz", "best.npz"):
            found, wanted = (
                tmp_path / folder / f"trial-{number:04d}" / "seed-0" / "checkpoints" / file
                for folder in ("runs", "other")
            )
            if wanted.exists():
                assert arrays(found) == arrays(wanted)
    # At most the step that was under way was taken twice.
    runs = len([one for one in (tmp_path / "runs").glob("trial-*/seed-0")])
    assert len(steps) <= runs * 4 * STEPS + STEPS


def test_a_folder_that_was_being_made_is_made_anew(tmp_path):
    toy_search(tmp_path / "runs", 1)
    (tmp_path / "runs" / "trial-0002" / "seed-0" / "checkpoints").mkdir(parents=True)
    study, _ = toy_search(tmp_path / "runs", 2)
    assert states(study) == ["COMPLETE"] * 2


def test_a_trial_that_does_worse_than_the_median_is_given_up(tmp_path):
    """The median of five is 0.53 in the second epoch, the first that counts after a warm-up of one."""
    tops = {1: 0.51, 2: 0.52, 3: 0.53, 4: 0.54, 5: 0.55, 6: 0.529, 7: 0.531}
    trials = iter(tops.values())

    def flat(settings):
        return [next(trials)] * 4

    study, _ = toy_search(tmp_path / "runs", 7, ToySearched(flat))
    assert states(study) == ["COMPLETE"] * 5 + ["PRUNED", "COMPLETE"]
    assert [len(trial.intermediate_values) for trial in study.trials] == [3] * 5 + [2, 3]  # patience is 2
    run = tmp_path / "runs" / "trial-0006" / "seed-0"
    assert len(json.loads((run / "history.json").read_text())["history"]) == 2
    told = json.loads((run.parent / "trial.json").read_text())
    assert (told["state"], told["epochs"], told["settings"]) == ("given up", [2], study.trials[5].params)
    trials = iter(tops.values())
    study, _ = toy_search(tmp_path / "patient", 7, ToySearched(flat), warmup_epochs=3)
    assert states(study) == ["COMPLETE"] * 7


def test_each_trial_is_the_mean_of_its_seeds(tmp_path):
    seeds = []

    def by_seed(settings):
        seeds.append(settings.training.seed)
        return [0.5, 0.6 + settings.training.seed / 100, 0.5, 0.5]

    study, tried = toy_search(tmp_path / "runs", 2, ToySearched(by_seed), seeds=3)
    assert seeds == [7, 8, 9] * 2
    for trial in study.trials:
        assert trial.value == pytest.approx(np.mean([0.67, 0.68, 0.69]))
        assert trial.user_attrs["outcome"]["values"] == pytest.approx([0.67, 0.68, 0.69])
        assert trial.user_attrs["outcome"]["epochs"] == [2, 2, 2]
    assert tried.settings({X: 1.0}).training.seed == 7


def test_settings_that_were_tried_are_not_trained_again(tmp_path):
    trained = []

    def noted(settings):
        trained.append(settings.training.checkpoint_seconds)
        return growing(settings)

    study, _ = toy_search(tmp_path / "runs", 6, ToySearched(noted), {X: {"values": [1, 2]}})
    assert sorted(trained) == [1, 2] and states(study) == ["COMPLETE"] * 6
    assert {round(trial.value, 6) for trial in study.trials} == {0.88, 0.89}
    assert "same_as" in study.trials[-1].user_attrs["outcome"]


class _Diverging(Counter):
    def losses(self):
        return {"loss": math.nan if self.aucs[0] < 0.5 else 1.0}


def test_failed_trials_are_counted_and_told(tmp_path):
    def fails(settings):
        if settings.training.checkpoint_seconds == 1:
            raise ConfigError("these settings contradict each other")
        return [0.4 if settings.training.checkpoint_seconds == 2 else 0.6] * 4

    out = io.StringIO()
    tried = {X: {"values": [0, 1, 2, 3, 4, 5, 6]}}
    study, _ = toy_search(tmp_path / "runs", 14, ToySearched(fails, _Diverging), tried, Console(file=out, width=400))
    assert set(states(study)) == {"COMPLETE", "FAIL"} and len(study.trials) == 14
    reasons = {trial.user_attrs["outcome"].get("reason") for trial in study.trials}
    assert "these settings contradict each other" in reasons
    assert any("training diverged in epoch 1 (`loss` is not finite)" in str(reason) for reason in reasons)
    assert "failed: these settings contradict each other" in out.getvalue()


def test_where_the_first_trials_all_fail_the_others_are_not_begun(tmp_path):
    searched = ToySearched(lambda settings: [0.4] * 4, _Diverging)
    with pytest.raises(RunError, match=r"^all 3 trials so far have failed; trial 3: .*training diverged in epoch 1"):
        toy_search(tmp_path / "runs", 20, searched)
    # It goes on where the cause is gone.
    study, _ = toy_search(tmp_path / "runs", 5)
    assert states(study) == ["FAIL"] * 3 + ["COMPLETE"] * 2


def test_a_metric_of_which_less_is_better_is_searched_downwards(tmp_path):
    class Costs(Counter):
        def evaluate(self, split):
            result = super().evaluate(split)
            result.metrics["toy"]["logloss"] = 1 - result.metrics["toy"]["auc"]
            return result

    out = io.StringIO()
    study, _ = toy_search(
        tmp_path / "runs", 3, ToySearched(growing, Costs), console=Console(file=out, width=200), metric="toy.logloss"
    )
    nearest = min(study.trials, key=lambda trial: abs(trial.params[X] - 3))
    assert study.study.best_trial.number == nearest.number
    value = 0.1 + abs(nearest.params[X] - 3) / 100
    assert f"toy.logloss {value:.4f}" in out.getvalue() and f"(best {value:.4f}, trial" in out.getvalue()


def test_a_folder_with_another_search_is_refused(tmp_path):
    toy_search(tmp_path / "runs", 1)
    with pytest.raises(RunError, match="holds a search that differs in its space; name another folder by `runs`"):
        toy_search(tmp_path / "runs", 2, settings={X: {"low": 0, "high": 9}})
    shutil.copytree(tmp_path / "runs", tmp_path / "lost")
    (tmp_path / "lost" / "search.json").unlink()
    with pytest.raises(RunError, match="search.json: missing, beside a study.journal"):
        toy_search(tmp_path / "lost", 2)
