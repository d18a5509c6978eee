import keras
import numpy as np
import pytest

from tfelc.metrics.gate_entropy import gate_entropy
from tfelc.metrics.mean_gate_entropy import MeanGateEntropy


def test_is_that_of_all_rows_together() -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(4) / 4, size=9).astype("float32")
    rows[0] = [1, 0, 0, 0]
    metric = MeanGateEntropy(name="ctr_gate_entropy")
    metric.update_state(rows[:2])
    metric.update_state(rows[2:])
    assert float(metric.result()) == pytest.approx(gate_entropy(rows), rel=1e-5)
    assert keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric)).name == metric.name
