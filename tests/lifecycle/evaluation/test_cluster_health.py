import math

import numpy as np
import pytest

from tfelc.lifecycle.evaluation.cluster_health import ClusterHealth

GROUPS = {
    "activity": np.array(["N", "N", "HA", "HA"], dtype=object),
    "empty": np.array([None] * 4, dtype=object),
}
ASSIGNMENT = np.eye(3, dtype="float32")[[0, 0, 1, 1]]
EMBEDDING = np.array([[1, 0], [2, 0], [0, 1], [0, 3]], "float32")


def test_clusters_that_are_the_groups():
    assert ClusterHealth.of_assignment(ASSIGNMENT, EMBEDDING, GROUPS).to_json() == {
        "num_clusters": 3,
        "in_use": pytest.approx(2),
        "largest_share": 0.5,
        "silhouette": pytest.approx(1),
        "groups": {"activity": {"information": pytest.approx(1), "adjusted_rand": 1.0}},
    }


def test_collapsed_clusters():
    found = ClusterHealth.of_assignment(np.eye(3)[[2, 2, 2, 2]], EMBEDDING, GROUPS)
    assert (found.in_use, found.largest_share) == (1.0, 1.0)
    assert math.isnan(found.silhouette)
    assert found.groups["activity"] == {"information": 0.0, "adjusted_rand": 0.0}


def test_without_embeddings_or_groups():
    found = ClusterHealth.of_assignment(ASSIGNMENT)
    assert math.isnan(found.silhouette) and found.groups == {}


def test_clusters_of_which_each_row_is_in_one():
    hard = ClusterHealth.of_clusters(np.array([0, 0, 1, 1]), 3)
    soft = ClusterHealth.of_assignment(ASSIGNMENT)
    assert (hard.num_clusters, hard.in_use, hard.largest_share) == pytest.approx((3, soft.in_use, soft.largest_share))
    assert math.isnan(hard.silhouette) and hard.groups == {}
    assert list(hard.to_json()) == ["num_clusters", "in_use", "largest_share", "silhouette", "groups"]
    assert ClusterHealth.of_clusters(np.array([2, 2]), 3).in_use == 1.0
