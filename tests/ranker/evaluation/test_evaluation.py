import json
import math

import numpy as np
import pytest

from tfelc.core.json_text import json_text
from tfelc.metrics.summary import task_metrics
from tfelc.ranker.evaluation.evaluation import evaluate, output_metrics
from tfelc.ranker.evaluation.predictions import Outcome, Predictions

ROWS = 6
CLICKED = np.array([1, 0, 1, 1, 0, 0], "float32")
USERS = np.array(["a", "a", "b", "b", "b", None], dtype=object)


def predictions(**changed):
    content = {
        "outcomes": {
            "ctr": Outcome(np.ones(ROWS, bool), CLICKED, np.array([0.9, 0.4, 0.8, 0.3, 0.5, 0.1], "float32")),
            "cvr": Outcome(CLICKED > 0, np.array([1, 0, 0, 1, 0, 0], "float32"), np.linspace(0, 1, ROWS)),
        },
        "users": USERS,
        "groups": {"activity": np.array(["N", "N", "HA", "HA", None, None], dtype=object)},
        "gates": {"ctr": np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])},
        "assignment": np.eye(2)[[0, 0, 0, 1, 0, 0]],
    }
    return Predictions(**(content | changed))


def test_the_result_by_hand():
    found = evaluate(predictions(), "test")
    assert (found.split, found.unit, found.count) == ("test", "rows", ROWS)
    # Clicks: of the 9 pairs of a click and none, the click scores lower in (.3, .4) and (.3, .5).
    assert found.metrics["ctr"]["auc"] == pytest.approx(7 / 9)
    # Users a (1 of 1 pair, 2 rows) and b (1 of 2 pairs, 3 rows); the row of nobody known is left out.
    assert found.metrics["ctr"]["gauc"] == pytest.approx((2 * 1 + 3 * 0.5) / 5)
    assert found.metrics["ctr"]["gauc_coverage"] == pytest.approx(5 / 6)
    # Purchases on rows 0, 2 and 3, scored 0, .4 and .6: 1 of the 2 pairs.
    assert found.metrics["cvr"]["auc"] == 0.5
    assert found.gates == {
        "ctr": {
            "entropy": pytest.approx(2 * math.log(2) / ROWS),
            "mean": [0.5, 0.5],
            "groups": {"HA": [0.0, 1.0], "N": [0.75, 0.25]},
            "distance": {"activity": 0.75},
        }
    }
    assert found.clusters.largest_share == pytest.approx(5 / 6)


def test_groups_are_measured_on_their_own_rows():
    found = evaluate(predictions(), "test").groups
    assert list(found) == ["HA", "N"]
    assert list(found["N"]) == ["ctr", "cvr"]
    ctr = predictions().outcomes["ctr"]
    wanted = task_metrics(ctr.labels[2:4], ctr.probabilities[2:4], USERS[2:4])
    assert found["HA"]["ctr"] == pytest.approx(wanted, nan_ok=True)


def test_groups_can_be_left_out():
    found, whole = (evaluate(predictions(), "test", by_group) for by_group in (False, True))
    assert found.groups == {} and found.metrics == whole.metrics and found.gates == whole.gates


def test_clusters_beside_the_groups():
    embedding = np.array([[1, 0], [2, 0], [1, 0], [0, 1], [2, 0], [3, 0]], "float32")
    found = evaluate(predictions(embedding=embedding), "test").clusters
    assert (found.num_clusters, found.silhouette) == (2, pytest.approx(5 / 6))
    assert list(found.groups) == ["activity"]


def test_without_users_or_clusters():
    found = evaluate(predictions(users=None, assignment=None), "validation")
    assert found.clusters is None
    assert math.isnan(found.metrics["ctr"]["gauc"])
    assert output_metrics(predictions(users=None))["ctr"]["auc"] == found.metrics["ctr"]["auc"]


def test_json_has_null_for_what_is_not_defined():
    # One user of group N, so its GAUC is that user's; no user of HA has both classes.
    found = json.loads(json_text(evaluate(predictions(), "test").to_json()))
    assert found["groups"]["HA"]["ctr"]["gauc"] is None
    assert found["groups"]["HA"]["ctr"]["gauc_coverage"] == 0.0
    assert found["groups"]["N"]["cvr"]["auc"] is None
