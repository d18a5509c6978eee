import math

import pytest

from tfelc.core.errors import ConfigError
from tfelc.lifecycle.training.early_stopping import WatchedMetric
from tfelc.metrics.registries import RANKER_METRICS, RANKING_METRICS

METRICS = {
    "ctr": {"auc": 0.7, "gauc": 0.6, "logloss": 0.5, "ne": 0.9, "ece": 0.02, "calibration": 1.1},
    "ctcvr": {"auc": 0.8, "gauc": math.nan, "logloss": 0.1, "ne": 0.7, "ece": 0.04, "calibration": 0.9},
}
RANKING = {"next_item": {"hr@5": 0.2, "hr@20": 0.4, "ndcg@20": 0.3}}


def value(name, metrics=METRICS, declared=RANKER_METRICS):
    return WatchedMetric.of(name, list(metrics), declared).value(metrics)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("ctr.auc", 0.7), ("mean.auc", 0.75), ("ctcvr.logloss", -0.1), ("mean.ece", -0.03), ("mean.ne", -0.8)],
)
def test_larger_is_better(name, wanted):
    assert value(name) == pytest.approx(wanted)


def test_the_mean_is_over_the_outputs_that_define_it():
    assert math.isnan(value("ctcvr.gauc"))
    assert value("mean.gauc") == 0.6


def test_a_single_output_needs_no_name():
    assert value("ndcg@20", RANKING, RANKING_METRICS) == 0.3
    assert value("next_item.hr@5", RANKING, RANKING_METRICS) == value("hr@5", RANKING, RANKING_METRICS) == 0.2
    assert value("logloss", {"ctr": METRICS["ctr"]}) == -0.5


@pytest.mark.parametrize("name", ["auc", "cvr.auc", "ctr.calibration", "ctr.", ".auc", "mean.loss", "ctr.auc.x"])
def test_an_unknown_name_is_refused_with_the_known_ones(name):
    message = "is not measured; it is one of ctr, ctcvr or `mean`, a dot, and one of auc, gauc, logloss, ne, ece"
    with pytest.raises(ConfigError, match=message):
        WatchedMetric.of(name, ["ctr", "ctcvr"], RANKER_METRICS)


@pytest.mark.parametrize("name", ["auc", "mrr", "ndcg@7", "ctr.hr@5"])
def test_an_unknown_metric_of_a_single_output_is_refused_with_the_known_ones(name):
    with pytest.raises(ConfigError, match=f"`{name}` is not measured; it is one of hr@5, hr@10, hr@20, ndcg@5"):
        WatchedMetric.of(name, ["next_item"], RANKING_METRICS)


def test_gauc_needs_users():
    for name, has_users in (("mean.gauc", True), ("mean.auc", False)):
        assert WatchedMetric.of(name, ["ctr"], RANKER_METRICS, has_users).outputs == ("ctr",)
    with pytest.raises(ConfigError, match="`mean.gauc` needs a `user_key` in the schema"):
        WatchedMetric.of("mean.gauc", ["ctr"], RANKER_METRICS, has_users=False)
