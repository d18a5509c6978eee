import re

import optuna
import pytest

from tests.support.toy_search import WHOLE, ToySearched, X
from tfelc.core.errors import ConfigError
from tfelc.experiments.search.space import SearchSpace
from tfelc.experiments.search.tried_settings import TriedSettings


def tried(tmp_path, text, searched=None):
    path = tmp_path / "space.yaml"
    path.write_text(text)
    return TriedSettings(SearchSpace.load(path), path, searched or ToySearched())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("settings: {}", "`settings`: must be a list of at least 1. Received: {}"),
        ("{}", "`settings`: is missing"),
        ("settings: {a.b: {values: [1]}}\nsseds: 2", "`sseds`: no such key; did you mean `seeds`?"),
        ("settings: {a.b: {low: 1, high: 2, stepp: 1}}", "`settings.a.b.stepp`: no such key; did you mean `step`?"),
        ("settings: {a.b: {low: 2, high: 2}}", "`settings.a.b`: `low` must be below `high`. Received: 2 and 2"),
        ("settings: {a.b: {low: 2}}", "`settings.a.b`: needs `low` and `high`, or `values`"),
        ("settings: {a.b: {}}", "`settings.a.b`: needs `low` and `high`, or `values`"),
        ("settings: {a.b: {values: []}}", "`settings.a.b`: `values` must be at least one, none of them twice"),
        ("settings: {a.b: {values: [1, 1]}}", "`settings.a.b`: `values` must be at least one, none of them twice"),
        ("settings: {a.b: {values: [1], low: 0}}", "`settings.a.b`: takes `values`, or `low` and `high`, not both"),
        ("settings: {a.b: {low: 0, high: 1, log: true}}", "`settings.a.b`: `log` needs a `low` above 0, and no `step`"),
        ("settings: {a.b: {low: 0, high: 1, step: 0.3}}", "`settings.a.b`: `step` must be above 0 and lead from"),
        ("settings: {a.b: {low: 0, high: 1, step: 0}}", "`settings.a.b`: `step` must be above 0 and lead from"),
        ("settings: {a.b: {low: true, high: 2}}", "`settings.a.b.low`: must be a number. Received: True"),
        ("settings: {a.b: {low: .nan, high: 2}}", "`settings.a.b.low`: must be a finite number. Received: nan"),
        ("settings: {a.b: {low: 1, high: few}}", "`settings.a.b.high`: must be a number. Received: 'few'"),
        ("settings: {a.b: {values: [1]}}\nseeds: 0", "`seeds`: must be at least 1. Received: 0"),
        ("settings: {a.b: {values: [1]}}\nseeds: '2'", "`seeds`: must be a whole number. Received: '2'"),
        ("settings: [", "not a readable YAML file"),
        ("settings: {training.epoch: {values: [1]}}", "`training.epoch`: no such setting; did you mean `epochs`?"),
        ("settings: {training.epochs: {values: [2, 0]}}", "`training.epochs`: must be at least 1. Received: 0"),
        ("settings: {training.epochs: {low: 1.5, high: 3}}", "`training.epochs`: must be a whole number"),
        ("settings: {training.seed: {low: 1, high: 3}}", "`training.seed` cannot be searched: the best of several"),
        ("settings: {training.early_stopping: {values: [1]}}", "cannot be searched: trials are compared by it"),
        ("settings: {training.deterministic: {values: [true]}}", "cannot be searched: it decides what is measured"),
    ],
)
def test_what_cannot_be_searched_is_one_line_that_names_the_file(tmp_path, text, message):
    with pytest.raises(ConfigError) as failure:
        tried(tmp_path, text)
    assert str(failure.value).startswith(f"{tmp_path / 'space.yaml'}: ") and message in str(failure.value)
    assert "\n" not in str(failure.value) and failure.value.exit_code == 2


def test_a_space_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match=re.escape("nowhere.yaml: not a readable YAML file")):
        SearchSpace.load(tmp_path / "nowhere.yaml")


def test_values_are_of_the_type_that_the_setting_takes(tmp_path):
    """Both ranges are written in whole numbers; `1e-4` is text to YAML."""
    found = tried(
        tmp_path,
        f"settings: {{{X}: {{low: 1, high: 3}}, {WHOLE}: {{low: 8, high: 32, step: 8}},"
        "training.yardsticks: {values: [true, false]}, training.epochs: {low: 1, high: 64, log: true},"
        "training.early_stopping.patience: {values: [2]}}",
    )
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    drawn = [found.draw(study.ask()) for _ in range(60)]
    assert {value[WHOLE] for value in drawn} == {8, 16, 24, 32}
    assert all(isinstance(value[X], float) and 1 <= value[X] <= 3 for value in drawn)
    assert len({value[X] for value in drawn}) == 60
    assert {value["training.yardsticks"] for value in drawn} == {True, False}
    # By magnitude: as many up to 8 as from 8 on.
    epochs = [value["training.epochs"] for value in drawn]
    assert all(isinstance(one, int) for one in epochs) and 15 < sum(one <= 8 for one in epochs) < 50
    settings = found.settings(drawn[0]).training
    assert settings.batch_size == drawn[0][WHOLE] and settings.early_stopping.patience == 2


def test_values_that_python_takes_for_equal_stay_apart(tmp_path):
    found = tried(tmp_path, f"settings: {{{X}: {{values: [1, 1.0, 2]}}, training.epochs: {{values: [3]}}}}")
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    trials = [study.ask() for _ in range(40)]
    drawn = [found.draw(trial) for trial in trials]
    assert {repr(value[X]) for value in drawn} == {"1", "1.0", "2"}
    assert [found.read(trial.params) for trial in trials] == drawn


def test_the_metric_of_the_space_is_that_of_every_trial(tmp_path):
    text = f"settings: {{{X}: {{low: 1, high: 3}}}}\nmetric: toy.logloss"
    found = tried(tmp_path, text)
    assert found.settings({X: 2.0}).training.early_stopping.metric == "toy.logloss"
    assert found.shared["training"]["early_stopping"]["metric"] == "toy.logloss"
