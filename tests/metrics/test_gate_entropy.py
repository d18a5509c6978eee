import math

import numpy as np
import pytest

from tfelc.core.errors import DataError
from tfelc.metrics.gate_entropy import gate_entropy


def test_by_hand() -> None:
    assert gate_entropy([[1.0, 0, 0, 0]]) == 0.0
    assert math.copysign(1, gate_entropy([[1.0, 0, 0, 0]])) == 1
    assert gate_entropy([[0.25] * 4, [0.25] * 4]) == pytest.approx(math.log(4))
    assert gate_entropy([[0.5, 0.5, 0], [1, 0, 0]]) == pytest.approx(math.log(2) / 2)


def test_takes_float32_softmaxes_and_refuses_logits() -> None:
    logits = np.random.default_rng(0).normal(size=(100, 4)).astype("float32")
    weights = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert 0 < gate_entropy(weights) < math.log(4)
    for wrong in (logits, np.full((3, 2), np.nan), [[0.5, 0.1]]):
        with pytest.raises(DataError, match="gate weights must be at least 0 and sum to 1. Row 0"):
            gate_entropy(wrong)
    with pytest.raises(DataError, match="Received: shape"):
        gate_entropy(np.zeros((0, 4)))
