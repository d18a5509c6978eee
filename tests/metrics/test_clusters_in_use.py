import keras
import numpy as np
import pytest

from tfelc.metrics.cluster_use import cluster_use
from tfelc.metrics.clusters_in_use import ClustersInUse


def test_is_that_of_all_rows_together() -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(4) / 4, size=9).astype("float32")
    metric = ClustersInUse(4)
    assert float(metric.result()) == 0.0
    metric.update_state(rows[:7])
    metric.update_state(rows[7:])
    assert float(metric.result()) == pytest.approx(cluster_use(rows).in_use, rel=1e-5)
    metric.reset_state()
    metric.update_state(np.eye(4, dtype="float32")[[2, 2]])
    assert float(metric.result()) == pytest.approx(1.0)


def test_config_round_trip() -> None:
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(ClustersInUse(3, name="used")))
    assert (again.count, again.name) == (3, "used")
