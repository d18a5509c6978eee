import pytest

from tfelc.lifecycle.evaluation.cluster_health import ClusterHealth
from tfelc.lifecycle.evaluation.comparison import Comparison
from tfelc.lifecycle.evaluation.resampling import BootstrapResult
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.next_item.report.summary_sentences import cluster_sentence, comparison_sentence, quality_sentences


def test_quality_is_told_beside_chance():
    result = EvaluationResult("test", "users", 1200, {"next_item": {"hr@5": 0.125, "hr@20": 0.5}})
    first, second = quality_sentences("run", result, 400)
    assert first == "run recommends the next item of each user, out of 400."
    assert second.startswith("For 50.0% of 1,200 test users") and "chance: about 5.0%" in second
    assert "for 12.5% among the first 5" in second
    assert "chance: about 100.0%" in quality_sentences("run", result, 10)[1]


def test_clusters_are_judged():
    assert "have collapsed: 1.4 of 8 are in use" in cluster_sentence(ClusterHealth(8, 1.4, 0.9))
    told = cluster_sentence(ClusterHealth(8, 6.0, 0.25))
    assert told == "The clusters cluster: 6.0 of 8 are in use, the largest holds 25% of the users."
    assert cluster_sentence(None) == "The model has no clusters."


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.01, 0.03, "better"), (-0.03, -0.01, "worse"), (-0.01, 0.01, "not measurably better or worse")],
)
def test_who_wins_goes_by_the_interval(low, high, verdict):
    found = BootstrapResult((low + high) / 2, low, high, 0.01, 1000)
    told = comparison_sentence(Comparison("users", {}, {"next_item": {"ndcg@20": found}}), "sasrec")
    assert told.startswith(f"Beside sasrec it is {verdict} (NDCG@20 {(low + high) / 2:+.4f}, 95 % interval {low:+.4f}")
