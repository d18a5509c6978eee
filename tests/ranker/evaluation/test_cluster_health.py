import math

import numpy as np
import pytest
from tfelc.ranker.evaluation.cluster_health import cluster_health

from tfelc.ranker.evaluation.predictions import Outcome, Predictions


def _predictions(**changed):
    every = np.ones(4, bool)
    content = {
        "outcomes": {"ctr": Outcome(every, np.zeros(4, "float32"), np.full(4, 0.5, "float32"))},
        "users": None,
        "groups": {
            "activity": np.array(["N", "N", "HA", "HA"], dtype=object),
            "empty": np.array([None] * 4, dtype=object),
        },
        "gates": {},
        "assignment": np.eye(3, dtype="float32")[[0, 0, 1, 1]],
        "embedding": np.array([[1, 0], [2, 0], [0, 1], [0, 3]], "float32"),
    }
    return Predictions(**(content | changed))


def test_clusters_that_are_the_groups():
    assert cluster_health(_predictions()) == {
        "in_use": pytest.approx(2),
        "largest_share": 0.5,
        "silhouette": pytest.approx(1),
        "groups": {"activity": {"information": pytest.approx(1), "adjusted_rand": 1.0}},
    }


def test_collapsed_clusters():
    found = cluster_health(_predictions(assignment=np.eye(3)[[2, 2, 2, 2]]))
    assert (found["in_use"], found["largest_share"]) == (1.0, 1.0)
    assert math.isnan(found["silhouette"])
    assert found["groups"]["activity"] == {"information": 0.0, "adjusted_rand": 0.0}


def test_without_clusters_or_embeddings():
    assert cluster_health(_predictions(assignment=None)) is None
    assert math.isnan(cluster_health(_predictions(embedding=None))["silhouette"])
