import json
import math

import pytest

from tfelc.core.json_text import json_text
from tfelc.lifecycle.evaluation.cluster_health import ClusterHealth
from tfelc.lifecycle.evaluation.result import EvaluationResult

GATES = {"ctr": {"entropy": 0.5, "mean": [0.25, 0.75], "groups": {"N": [0.5, 0.5]}, "distance": {"level": math.nan}}}
RANKER = EvaluationResult(
    "test",
    "rows",
    300,
    {"ctr": {"auc": 0.7, "gauc": math.nan}},
    {"N": {"ctr": {"auc": math.nan, "gauc": 0.5}}},
    GATES,
    ClusterHealth(4, 3.5, 0.4, math.nan, {"level": {"information": 0.5, "adjusted_rand": math.nan}}),
)
NEXT_ITEM = EvaluationResult("validation", "users", 120, {"next_item": {"hr@5": 0.25, "ndcg@20": 0.1}})


def same(one, other):
    """Whether two results are equal, what is not defined in both included."""
    return json_text(one.to_json()) == json_text(other.to_json())


@pytest.mark.parametrize("result", [RANKER, NEXT_ITEM])
def test_it_comes_back_from_its_json(result):
    content = json.loads(json_text(result.to_json()))
    assert list(content) == ["split", "unit", "count", "metrics", "groups", "gates", "clusters", "yardsticks", "steps"]
    again = EvaluationResult.from_json({**content, "best_epoch": 2})
    assert same(again, result) and (again.clusters is None) == (result.clusters is None)
    assert math.isnan(RANKER.metrics["ctr"]["gauc"])


def test_what_is_null_is_not_a_number():
    again = EvaluationResult.from_json(json.loads(json_text(RANKER.to_json())))
    assert math.isnan(again.metrics["ctr"]["gauc"]) and math.isnan(again.groups["N"]["ctr"]["auc"])
    assert math.isnan(again.gates["ctr"]["distance"]["level"]) and math.isnan(again.clusters.silhouette)
    assert again.gates["ctr"]["mean"] == [0.25, 0.75]


def test_a_rankers_file_of_the_version_before():
    content = json.loads(json_text(RANKER.to_json()))
    del content["clusters"]["num_clusters"], content["unit"]
    old = {**content, "rows": content.pop("count"), "tasks": content.pop("metrics"), "best_epoch": 1}
    del old["count"], old["metrics"]
    found = EvaluationResult.from_json(old)
    assert found.clusters.num_clusters == 0
    assert same(found, EvaluationResult.from_json(RANKER.to_json() | {"clusters": found.clusters.to_json()}))
    assert EvaluationResult.from_json(old | {"clusters": None}).clusters is None


def test_a_next_item_models_file_of_the_version_before():
    clusters = {"count": 4, "in_use": 3.5, "largest_share": 0.3}
    old = {"split": "validation", "users": 120, "metrics": NEXT_ITEM.metrics["next_item"], "clusters": {}}
    assert EvaluationResult.from_json(old) == NEXT_ITEM
    found = EvaluationResult.from_json(old | {"clusters": clusters, "best_epoch": 3}).clusters
    assert (found.num_clusters, found.in_use, found.largest_share) == (4, 3.5, 0.3) and math.isnan(found.silhouette)
    # As an experiment wrote it of a model that learns nothing.
    del old["split"]
    assert EvaluationResult.from_json({"data_hash": "ab", "protocol": "leave_one_out", **old}).split == "test"


def test_epochs_of_this_version_and_the_one_before():
    new = {"epoch": 1, "validation": json.loads(json_text(NEXT_ITEM.to_json()))}
    assert EvaluationResult.of_epoch(new) == NEXT_ITEM
    old = {"epoch": 1, "validation": {"ctr": {"auc": 0.7, "gauc": None}}}
    found = EvaluationResult.of_epoch(old)
    assert (found.split, found.unit, found.metrics["ctr"]["auc"]) == ("validation", "rows", 0.7)
    assert math.isnan(found.metrics["ctr"]["gauc"]) and found.clusters is None
    health = {"gates": json.loads(json_text(GATES)), "clusters": {"in_use": 2.5, "largest_share": 0.5}}
    found = EvaluationResult.of_epoch(old | {"validation_health": health})
    assert found.gates["ctr"]["entropy"] == 0.5 and found.clusters.in_use == 2.5
