import pytest

from tests.support.reading import Reading
from tfelc.lifecycle.evaluation.cluster_health import ClusterHealth
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.next_item.report.training_curves import training_curves

METRICS = {"hr@5": 0.1, "hr@10": 0.2, "hr@20": 0.3, "ndcg@5": 0.05, "ndcg@10": 0.08, "ndcg@20": 0.1}
EARLIER = {"split": "validation", "users": 9, "metrics": METRICS, "clusters": {}}
NEW = EvaluationResult("validation", "users", 9, {"next_item": METRICS})
CLUSTERED = EvaluationResult("validation", "users", 9, {"next_item": METRICS}, clusters=ClusterHealth(4, 3.5, 0.4))


def text_of(*validation):
    history = [{"epoch": 1, "losses": {"loss": 6.0}, "validation": one} for one in validation]
    return Reading(training_curves({"history": history, "best_epoch": 1})).all("svg")[0]["aria-label"]


@pytest.mark.parametrize("validation", [EARLIER, NEW.to_json()])
def test_curves_of_a_next_item_model(validation):
    text = text_of(validation)
    assert "HR@20 from 0.300 to 0.300" in text and "clusters" not in text
    assert "HR@10" not in text and "loss from 6.000 to 6.000" in text


def test_the_use_of_the_clusters():
    clusters = {"count": 4, "in_use": 2.5, "largest_share": 0.5}
    assert "clusters in use from 2.500 to 3.500" in text_of({**EARLIER, "clusters": clusters}, CLUSTERED.to_json())


@pytest.mark.parametrize("state", [None, {"history": [], "best_epoch": None}])
def test_no_epoch_is_said(state):
    assert "No training curves" in training_curves(state)
