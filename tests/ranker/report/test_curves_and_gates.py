import numpy as np
import pytest

from tests.support.reading import Reading
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.ranker.evaluation.predictions import Outcome, Predictions
from tfelc.ranker.report.calibration_curves import calibration_curves
from tfelc.ranker.report.gate_map import gate_map
from tfelc.ranker.report.training_curves import training_curves


def text_of(markup):
    return Reading(markup).all("svg")[0]["aria-label"]


def epoch(number, loss, auc, earlier=False):
    metrics = {"ctr": {"auc": auc}}
    return {
        "epoch": number,
        "losses": {"loss": loss, "ctr_loss": loss / 2, "ctr_weighted": loss},
        "health": {"clusters_in_use": 4.0 * number},
        "validation": metrics if earlier else EvaluationResult("validation", "rows", 9, metrics).to_json(),
    }


# The first epochs of a run may be of the version before.
@pytest.mark.parametrize("earlier", [False, True])
def test_curves_of_a_ranker(earlier):
    state = {"history": [epoch(1, 0.8, 0.6, earlier), epoch(2, 0.4, None)], "best_epoch": 1}
    text = text_of(training_curves(state))
    assert "loss from 0.800 to 0.400, ctr_loss from 0.400 to 0.200." in text and "weighted" not in text
    assert "validation AUC: ctr from 0.600 to nan." in text
    assert "clusters in use from 4.000 to 8.000" in text


@pytest.mark.parametrize("state", [None, {"history": [], "best_epoch": None}])
def test_no_epoch_is_said(state):
    assert "No training curves" in training_curves(state)


def test_calibration_names_the_widest_gap():
    everywhere = np.ones(40, bool)
    probabilities = np.repeat([0.1, 0.5], 20).astype(np.float32)
    labels = np.concatenate([np.tile([1, 0, 0, 0], 5), np.tile([1, 0], 10)]).astype(np.float32)
    nowhere = Outcome(~everywhere, labels, probabilities)
    outcomes = {"ctr": Outcome(everywhere, labels, probabilities), "cvr": nowhere}
    drawn = calibration_curves(Predictions(outcomes, None, {}, {}, None))
    text = text_of(drawn)
    # 15 outcomes make two points.
    assert "ctr, 2 points" in drawn and "a tenth where there are 200 outcomes" in drawn
    assert "0.100 was predicted and 0.250 observed" in text and "cvr" not in text
    assert "No calibration curves" in calibration_curves(Predictions({"cvr": nowhere}, None, {}, {}, None))


def test_gates_name_each_groups_expert():
    use = {"mean": [0.4, 0.6], "groups": {"HA": [0.9, 0.1], "PN": [0.2, 0.8]}}
    text = text_of(gate_map({"ctr": use, "cvr": use}))
    assert "ctr: strongest expert over all 1; PN 1, HA 0." in text
