import numpy as np
import pytest
from tfelc.lifecycle.report.training_curves import ranker_curves, sequence_curves

from tests.support.reading import Reading
from tfelc.lifecycle.report.sensitivity_curves import sensitivity_curves
from tfelc.lifecycle.report.trial import Trial
from tfelc.ranker.evaluation.predictions import Outcome, Predictions
from tfelc.ranker.report.calibration_curves import calibration_curves
from tfelc.ranker.report.gate_map import gate_map


def text_of(markup):
    return Reading(markup).all("svg")[0]["aria-label"]


def epoch(number, loss, auc):
    return {
        "epoch": number,
        "losses": {"loss": loss, "ctr_loss": loss / 2, "ctr_weighted": loss},
        "health": {"clusters_in_use": 4.0 * number},
        "validation": {"ctr": {"auc": auc}},
    }


def test_curves_of_a_ranker():
    state = {"history": [epoch(1, 0.8, 0.6), epoch(2, 0.4, None)], "best_epoch": 1}
    text = text_of(ranker_curves(state))
    assert "loss from 0.800 to 0.400, ctr_loss from 0.400 to 0.200." in text and "weighted" not in text
    assert "validation AUC: ctr from 0.600 to nan." in text
    assert "clusters in use from 4.000 to 8.000" in text


def test_curves_of_a_next_item_model():
    metrics = {"hr@5": 0.1, "hr@10": 0.2, "hr@20": 0.3, "ndcg@5": 0.05, "ndcg@10": 0.08, "ndcg@20": 0.1}
    history = [{"epoch": 1, "losses": {"loss": 6.0}, "validation": {"metrics": metrics, "clusters": {}}}]
    text = text_of(sequence_curves({"history": history, "best_epoch": 1}))
    assert "HR@20 from 0.300 to 0.300" in text and "clusters" not in text


@pytest.mark.parametrize("curves", [ranker_curves, sequence_curves])
@pytest.mark.parametrize("state", [None, {"history": [], "best_epoch": None}])
def test_no_epoch_is_said(curves, state):
    assert "No training curves" in curves(state)


def test_calibration_names_the_widest_gap():
    everywhere = np.ones(40, bool)
    probabilities = np.repeat([0.1, 0.5], 20).astype(np.float32)
    labels = np.concatenate([np.tile([1, 0, 0, 0], 5), np.tile([1, 0], 10)]).astype(np.float32)
    nowhere = Outcome(~everywhere, labels, probabilities)
    outcomes = {"ctr": Outcome(everywhere, labels, probabilities), "cvr": nowhere}
    text = text_of(calibration_curves(Predictions(outcomes, None, {}, {}, None)))
    assert "0.100 was predicted and 0.250 observed" in text and "cvr" not in text
    assert "No calibration curves" in calibration_curves(Predictions({"cvr": nowhere}, None, {}, {}, None))


def test_gates_name_each_groups_expert():
    use = {"mean": [0.4, 0.6], "groups": {"HA": [0.9, 0.1], "PN": [0.2, 0.8]}}
    text = text_of(gate_map({"ctr": use, "cvr": use}))
    assert "ctr: strongest expert over all 1; PN 1, HA 0." in text


def test_sensitivity_is_the_mean_of_the_seeds_less_the_run():
    own = Trial(0.1, 8, {"ctr AUC": 0.70})
    others = [Trial(1.0, 8, {"ctr AUC": 0.72}), Trial(1.0, 8, {"ctr AUC": 0.74}), Trial(0.1, 16, {"ctr AUC": 0.69})]
    text = text_of(sensitivity_curves([own, *others]))
    assert "weight alpha, with 8 clusters: ctr AUC: +0.0000 at 0.1, +0.0300 at 1." in text
    assert "number of clusters, at alpha 0.1: ctr AUC: +0.0000 at 8, -0.0100 at 16." in text
    assert "No sensitivity" in sensitivity_curves([own, Trial(1.0, 16, {"ctr AUC": 0.7})])
