import math

import numpy as np

from tests.support.reading import Reading
from tfelc.lifecycle.report.cluster_sizes import cluster_sizes
from tfelc.lifecycle.report.curves import curves_of, draw_curves
from tfelc.lifecycle.report.sensitivity_curves import sensitivity_curves
from tfelc.lifecycle.report.trial import Trial


def text_of(markup):
    return Reading(markup).all("svg")[0]["aria-label"]


def test_a_panel_for_each_kind_of_value():
    drawn = draw_curves({"loss": {"a": [0.5, 0.25], "b": [1, 2]}, "quality": {"c": [0.1, math.nan]}}, best=2)
    text = text_of(drawn)
    assert "loss: a from 0.500 to 0.250, b from 1.000 to 2.000. quality: c from 0.100 to nan." in text
    assert "whose weights were kept (2)" in drawn and "kept" not in draw_curves({"loss": {"a": [1, 2]}}, best=None)


def test_what_an_epoch_does_not_define_is_no_number():
    found = curves_of([{"loss": 0.8, "auc": None}, {"loss": 0.4, "other": 1}])
    assert found["loss"] == [0.8, 0.4] and list(found) == ["loss", "auc", "other"]
    assert all(math.isnan(value) for value in (*found["auc"], found["other"][0])) and found["other"][1] == 1


def test_the_sizes_of_the_clusters():
    text = text_of(cluster_sizes(np.array([2, 2, 2, 0]), 4, "users"))
    assert text == "Share of the users in each of 4 clusters: the largest holds 75%, and 2 hold anyone."


def test_sensitivity_is_the_mean_of_the_seeds_less_the_run():
    own = Trial(0.1, 8, {"ctr AUC": 0.70})
    others = [Trial(1.0, 8, {"ctr AUC": 0.72}), Trial(1.0, 8, {"ctr AUC": 0.74}), Trial(0.1, 16, {"ctr AUC": 0.69})]
    text = text_of(sensitivity_curves([own, *others]))
    assert "weight alpha, with 8 clusters: ctr AUC: +0.0000 at 0.1, +0.0300 at 1." in text
    assert "number of clusters, at alpha 0.1: ctr AUC: +0.0000 at 8, -0.0100 at 16." in text
    assert "No sensitivity" in sensitivity_curves([own, Trial(1.0, 16, {"ctr AUC": 0.7})])
