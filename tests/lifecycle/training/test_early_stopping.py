import math

import pytest

from tfelc.core.errors import ConfigError
from tfelc.lifecycle.training.early_stopping import check_watched, watched_value

METRICS = {
    "ctr": {"auc": 0.7, "gauc": 0.6, "logloss": 0.5, "ne": 0.9, "ece": 0.02, "calibration": 1.1},
    "ctcvr": {"auc": 0.8, "gauc": math.nan, "logloss": 0.1, "ne": 0.7, "ece": 0.04, "calibration": 0.9},
}


@pytest.mark.parametrize(
    ("name", "value"),
    [("ctr.auc", 0.7), ("mean.auc", 0.75), ("ctcvr.logloss", -0.1), ("mean.ece", -0.03), ("mean.ne", -0.8)],
)
def test_larger_is_better(name, value):
    assert watched_value(METRICS, name) == pytest.approx(value)


def test_a_value_that_is_not_defined_is_the_worst():
    assert watched_value(METRICS, "ctcvr.gauc") == watched_value(METRICS, "mean.gauc") == -math.inf


@pytest.mark.parametrize("name", ["auc", "cvr.auc", "ctr.calibration", "ctr.", ".auc", "mean.loss", "ctr.auc.x"])
def test_an_unknown_name_is_refused_with_the_known_ones(name):
    for refused in (
        lambda: watched_value(METRICS, name),
        lambda: check_watched(name, ["ctr", "ctcvr"], has_users=True),
    ):
        with pytest.raises(ConfigError, match="is not measured; it is one of ctr, ctcvr or `mean`, a dot, and one of"):
            refused()


def test_gauc_needs_users():
    check_watched("mean.gauc", ["ctr"], has_users=True)
    check_watched("mean.auc", ["ctr"], has_users=False)
    with pytest.raises(ConfigError, match="`mean.gauc` needs a `user_key` in the schema"):
        check_watched("mean.gauc", ["ctr"], has_users=False)
