"""LightGBM's trees, tuned: they learn what there is, the same each time, and order the rows of users."""

import dataclasses

import numpy as np
import pytest

from tests.support.command import call
from tfelc.core.errors import DataError
from tfelc.experiments.ranker.trees import describe_trees
from tfelc.experiments.ranker.tuned_trees import tuned_trees
from tfelc.metrics.auc import auc
from tfelc.metrics.gauc import gauc
from tfelc.ranker.evaluation.predictions import Predictor
from tfelc.ranker.run import RankerRun
from tfelc.ranker.yardsticks.flat_table import FlatTable

try:
    import lightgbm  # noqa: F401
except OSError as error:
    pytest.skip(f"LightGBM cannot be loaded here: {error}", allow_module_level=True)


def table(rows, seed):
    """Clicks that follow from a number and from one category of ten, and from nothing that a user has."""
    random = np.random.default_rng(seed)
    number, code = random.normal(size=rows), random.integers(0, 10, rows)
    clicked = random.random(rows) < 1 / (1 + np.exp(-2 * number - 3 * (code == 7)))
    known = random.random(rows) < 0.9
    users = random.integers(-1, 40, rows)
    numbers, codes = (each[:, None].astype(np.float32) for each in (number, code))
    return FlatTable(numbers, codes, {"ctr": (known, clicked.astype(np.float32))}, {}, users=users)


TRAIN, VALIDATION, TEST = (table(rows, seed) for seed, rows in enumerate((2000, 1000, 1000)))


@pytest.mark.parametrize("objective", ["binary", "lambdarank"])
def test_they_learn_and_say_the_same_again(objective):
    tried = []
    found, again = (
        tuned_trees(TRAIN, VALIDATION, "ctr", objective, 2, lambda: tried.append(1))(TEST) for _ in range(2)
    )
    assert len(tried) == 4
    np.testing.assert_array_equal(found, again)
    assert found.min() > 0 and found.max() < 1
    labels, of_users = TEST.outcomes["ctr"][1], TEST.users >= 0
    assert gauc(labels[of_users], found[of_users], TEST.users[of_users]).value > 0.85
    if objective == "binary":
        assert auc(labels, found) > 0.85 and found.mean() == pytest.approx(labels.mean(), abs=0.05)


@pytest.mark.parametrize(("objective", "within"), [("binary", ""), ("lambdarank", " of any user")])
def test_rows_that_cannot_tell_trees_apart_are_named(objective, within):
    rows = VALIDATION.outcomes["ctr"][0]
    nothing = dataclasses.replace(VALIDATION, outcomes={"ctr": (rows, np.zeros(len(rows), np.float32))})
    with pytest.raises(DataError, match=f"`ctr`: the validation rows{within} do not have both outcomes"):
        tuned_trees(TRAIN, nothing, "ctr", objective, 1)


def test_trials_without_trees_are_refused_before_anything_is_trained(every_kind_dataset, tmp_path):
    words = ("--data", every_kind_dataset.path, "--no-trees", "--tree-trials", 2, "--out", tmp_path / "found.json")
    outcome = call("experiment", "ranker", *words)
    assert outcome.code == 2 and outcome.err.startswith("error: --tree-trials puts tuned trees beside those that")


def test_they_stand_beside_a_ranker_on_its_rows(every_kind_dataset, trained_run):
    judged = Predictor(RankerRun.open(trained_run.path).model(), every_kind_dataset).predict("test")
    found = describe_trees(every_kind_dataset, judged, trials=1)
    assert list(found) == ["boosted trees", "LightGBM", "LambdaRank"]
    for one in found.values():
        assert list(one["metrics"]) == list(judged.binary_outcomes)
    assert set(found["LambdaRank"]["metrics"]["click"]) == {"auc", "gauc"} < set(found["LightGBM"]["metrics"]["click"])
    assert list(describe_trees(every_kind_dataset, judged)) == ["boosted trees"]
