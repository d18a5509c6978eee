import json

import pytest
from rich.console import Console

from tests.support.reading import Reading
from tests.support.toy_search import ToySearched, X, growing, toy_search
from tests.support.toy_training import ToySettings
from tfelc.core.errors import ConfigError, RunError
from tfelc.experiments.search.axis import axis_of
from tfelc.experiments.search.figures import figures
from tfelc.experiments.search.means_by_setting import means_by_setting
from tfelc.experiments.search.page import page
from tfelc.experiments.search.results import write_results
from tfelc.experiments.search.setting_curves import setting_curves

YARDSTICKS = "training.yardsticks"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What a search of two settings leaves, one of which is no matter; one trial fails."""
    folder = tmp_path_factory.mktemp("results")
    trained = 0

    def with_a_fault(settings):
        nonlocal trained
        trained += 1
        if trained == 3:
            raise ConfigError("the third one <fails>")
        return growing(settings)

    searched, console = ToySearched(with_a_fault), Console(width=200)
    tried = {X: {"low": 1, "high": 9, "log": True}, YARDSTICKS: {"values": [True, False]}}
    study, tried = toy_search(folder / "runs", 12, searched, tried)
    with console.capture() as printed:
        write_results(study, tried, searched, folder / "best.yaml", console)
    return folder, study, json.loads((folder / "runs" / "result.json").read_text()), printed.get()


def test_the_best_settings_are_those_of_the_best_trial(written):
    folder, study, found, printed = written
    best = study.study.best_trial
    text = (folder / "best.yaml").read_text()
    assert text.startswith(f"# Trial {best.number + 1} of 12: validation toy.auc {best.value:.4f}\n")
    settings = ToySettings.load(folder / "best.yaml")
    assert settings.training.checkpoint_seconds == best.params[X] and settings.training.seed == 7
    assert found["best"] == best.number + 1
    assert f"best settings: {folder / 'best.yaml'}" in printed


def test_the_result_holds_every_trial(written):
    folder, study, found, printed = written
    assert found["kind"] == "search" and (found["metric"], found["sign"]) == ("toy.auc", 1)
    states = {"COMPLETE": "complete", "PRUNED": "given up", "FAIL": "failed"}
    assert [trial["state"] for trial in found["trials"]] == [states[trial.state.name] for trial in study.trials]
    assert found["trials"][2]["reason"] == "the third one <fails>" and found["trials"][2]["value"] is None
    for described, trial in zip(found["trials"], study.trials, strict=True):
        assert described["settings"][X] == trial.params[X]
        assert described["settings"][YARDSTICKS] is (trial.params[YARDSTICKS] == "true")
    assert found["importance"][X] > found["importance"][YARDSTICKS] and sum(found["importance"].values()) == (
        pytest.approx(1)
    )
    # The table begins with the best trial.
    best = found["trials"][found["best"] - 1]
    markdown = (folder / "runs" / "result.md").read_text()
    row = next(line for line in markdown.splitlines()[3:] if line.startswith("| ") and "---" not in line)
    assert row.startswith(f"| {best['number']} | {best['value']:.4f} | {best['settings'][X]:.4g} | ")
    assert "toy.auc by setting" in markdown and f"| {YARDSTICKS} | true | " in markdown
    assert "best trials of 12" in printed and "the third one <fails>" in printed


def test_the_page_shows_it_all_and_needs_nothing(written):
    folder, _, found, _ = written
    text = (folder / "runs" / "report.html").read_text()
    assert "<script" not in text and "http-equiv" in text and "<fails>" not in text
    assert text.count("<svg") == 4
    drawn = Reading(text)
    headings = drawn.text("h2")
    for heading in ("Best trials", "History", "Importance of the settings", "Metric by setting", "Trials side by side"):
        assert heading in headings
    best = found["trials"][found["best"] - 1]
    assert "standard deviation" in drawn.text("th") and "the third one" in text
    assert f"{best['value']:.4f}" in text and f"checkpoint_seconds: {best['settings'][X]}" in text


def test_a_search_without_a_complete_trial_is_told(tmp_path):
    study, tried = toy_search(tmp_path / "runs", 1)
    empty, _ = toy_search(tmp_path / "empty", 0)
    with pytest.raises(RunError, match="empty: none of 0 trials has come to its end"):
        write_results(empty, tried, ToySearched(), tmp_path / "best.yaml", Console(quiet=True))
    # Of a single one there is nothing to draw, which is said.
    write_results(study, tried, ToySearched(), tmp_path / "best.yaml", Console(quiet=True))
    text = (tmp_path / "runs" / "report.html").read_text()
    assert text.count("<svg") == 0 and "Fewer than two trials have come to their end." in text


def test_less_is_better_in_tables_and_pages_too(written):
    _, _, found, _ = written
    costs = {**found, "metric": "toy.logloss", "sign": -1}
    complete = [trial for trial in found["trials"] if trial["state"] == "complete"]
    best = min(complete, key=lambda trial: trial["value"])
    text = page({**costs, "best": best["number"]}, "training: {}")
    assert f"the best from {complete[0]['value']:.4f} to {best['value']:.4f}" in text


def test_a_curve_is_the_mean_of_each_value():
    trials = [{"settings": {"a": value}} for value in ("x", "y", "x", "y")]
    drawn = setting_curves([axis_of("a", {"values": ["x", "y"]}, trials)], [0.1, 0.2, 0.3, 0.6], "auc")
    assert "a: 0.2000 ± 0.1414 at x, 0.4000 ± 0.2828 at y." in drawn


def test_means_by_setting_of_values_and_of_fifths():
    trials = [{"settings": {"a": value}} for value in (4, 1, 3, 2, 6, 5, 7, 10, 9, 8, 11)]
    axis = axis_of("a", {"low": 1, "high": 11}, trials)
    means = means_by_setting(axis, [trial["settings"]["a"] / 10 for trial in trials])
    # Eleven trials in fifths: three, then two each.
    assert [(each.text, each.trials) for each in means] == [
        ("1 to 3", 3),
        ("4 to 5", 2),
        ("6 to 7", 2),
        ("8 to 9", 2),
        ("10 to 11", 2),
    ]
    assert [each.mean for each in means] == pytest.approx([0.2, 0.45, 0.65, 0.85, 1.05])
    assert means[0].spread == pytest.approx(0.1) and means[0].place == 2
    tied = [{"settings": {"a": value}} for value in (1, 2, 3, 3, 3, 3, 4, 5, 6, 7)]
    found = means_by_setting(axis_of("a", {"low": 1, "high": 7}, tied), [0.0] * 10)
    assert [(each.text, each.trials) for each in found] == [("1 to 2", 2), ("3", 4), ("4 to 5", 2), ("6 to 7", 2)]
    single = means_by_setting(axis_of("a", {"values": ["x", "y"]}, [{"settings": {"a": "y"}}]), [0.5])
    assert [str(each) for each in single] == ["0.5000 at y"]


def test_importance_of_equal_trials_is_none(tmp_path):
    study, tried = toy_search(tmp_path / "runs", 2, ToySearched(lambda settings: [0.5] * 4))
    assert figures(study.study, tried)["importance"] == {}


def test_the_ticks_of_a_logarithmic_axis_are_plain_numbers():
    trials = [{"settings": {"a": value}} for value in (0.001, 0.01, 0.1, 0.002)]
    drawn = setting_curves(
        [axis_of("a", {"low": 0.001, "high": 0.1, "log": True}, trials)], [0.1, 0.2, 0.3, 0.6], "auc"
    )
    assert ">0.01<" in drawn and "math" not in drawn
