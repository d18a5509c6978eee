import keras
import numpy as np

from tfelc.metrics.largest_cluster_share import LargestClusterShare


def test_by_hand_over_batches() -> None:
    metric = LargestClusterShare(3)
    assert float(metric.result()) == 0.0
    metric.update_state(np.array([2, 0, 2], "int32"))
    metric.update_state(np.array([1], "int64"))
    assert float(metric.result()) == 0.5
    metric.reset_state()
    metric.update_state(np.array([1], "int32"))
    assert float(metric.result()) == 1.0


def test_config_round_trip() -> None:
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(LargestClusterShare(3)))
    assert (again.count, again.name) == (3, "largest_cluster_share")
