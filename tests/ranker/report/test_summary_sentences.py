import math

import pytest

from tests.support.reading import Reading
from tfelc.lifecycle.evaluation.cluster_health import ClusterHealth
from tfelc.lifecycle.evaluation.resampling import BootstrapResult
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.ranker.evaluation.group_lift import GroupLift
from tfelc.ranker.report.lift_figures import lift_picture, lift_table
from tfelc.ranker.report.summary_sentences import cluster_sentence, lift_sentences, quality_sentences


def lift(group, low, high, rows=100, output="ctr"):
    middle = (low + high) / 2
    auc, gauc = (BootstrapResult(middle * part, low * part, high * part, 0.01, 1000) for part in (1, 0.5))
    return GroupLift(group, output, rows, 0.7, 0.7 + middle, auc, gauc, BootstrapResult(0.02, 0.01, 0.03, 0.01, 1000))


LIFTS = [lift("all", 0.01, 0.03), lift("HA", -0.03, -0.01), lift("N", -0.01, 0.03), lift("PN", 0.02, 0.04)]


def result(auc, calibration):
    return EvaluationResult("test", "rows", 100, {"ctr": {"auc": auc, "calibration": calibration}})


def test_quality_is_told_with_its_limits():
    [told] = quality_sentences(result(0.75, 1.02), {"ctr": 0.8})
    assert "75.0% of the time (AUC 0.7500" in told and "80.0% the best possible" in told
    assert "2.0% too high" in told
    [told] = quality_sentences(result(0.75, 0.995), {})
    assert "right on average" in told and "best possible" not in told
    [told] = quality_sentences(result(math.nan, math.nan), {})
    assert "not defined" in told


@pytest.mark.parametrize(
    ("in_use", "largest", "information", "words"),
    [
        (1.4, 0.9, 0.5, "have collapsed: 1.4 of 8"),
        (6.0, 0.99, 0.5, "do not tell users apart"),
        (6.0, 0.3, 0.6, "tells the level (60% of it)"),
        (6.0, 0.3, 0.01, "hardly tells the level"),
    ],
)
def test_clusters_are_judged(in_use, largest, information, words):
    groups = {"level": {"information": information, "adjusted_rand": 0.1}}
    assert words in cluster_sentence(ClusterHealth(8, in_use, largest, 0.4, groups))


def test_no_clusters_are_told():
    assert cluster_sentence(None) == "The ranker has no clusters."


def test_who_gains_goes_by_the_intervals():
    [told] = lift_sentences(LIFTS, "base")
    assert told.startswith("ctr, beside base: better in all (AUC +0.0200")
    assert told.endswith("By group: better for PN (+0.0300); worse for HA (-0.0200); no certain difference for N.")
    [told] = lift_sentences([lift("all", -0.01, 0.01)], "base")
    assert "not measurably better or worse" in told and "By group" not in told


def test_lift_table_and_picture_hold_the_figures():
    reading = Reading(lift_table(LIFTS))
    assert [text.split(",")[0] for text in reading.text("th")[7:]] == ["all", "PN", "N", "HA"]
    assert reading.text("td")[3:6] == [
        "+0.0200 (+0.0100, +0.0300)",
        "+0.0100 (+0.0050, +0.0150)",
        "+2.00% (+1.00%, +3.00%)",
    ]
    undefined = BootstrapResult(math.nan, math.nan, math.nan, math.nan, 0)
    dashes = lift_table([GroupLift("all", "ctr", 5, math.nan, math.nan, undefined, undefined, undefined)])
    # Nothing was measured within users: rows were compared.
    assert Reading(dashes).text("td") == ["5", "–", "–", "–"] and "paired bootstrap over rows" in dashes
    text = Reading(lift_picture(LIFTS)).all("svg")[0]["aria-label"]
    assert "ctr, PN: AUC +0.0300, rate +2.00%." in text
