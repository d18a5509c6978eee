import math
from typing import Any

import numpy as np
import pytest

from tfelc.core.errors import DataError
from tfelc.metrics.gate_distance import gate_distance


def _groups(*names: str | None) -> Any:
    return np.array(names, dtype=object)


def test_by_hand() -> None:
    weights = [[1.0, 0], [0.5, 0.5], [0, 1], [0, 1]]
    # Means (.75, .25) and (0, 1); the row of no group has no part in it.
    assert gate_distance(weights, _groups("N", "N", "HA", None)) == pytest.approx(0.75)
    # Three groups: distances .5, 1 and .5.
    assert gate_distance(weights[:3], _groups("a", "b", "c")) == pytest.approx(2 / 3)
    assert gate_distance([[0.3, 0.7]] * 4, _groups("a", "b", "a", "b")) == 0.0


def test_fewer_than_two_groups_have_no_distance() -> None:
    assert math.isnan(gate_distance([[0.3, 0.7]] * 2, _groups("a", None)))


def test_refuses_other_lengths() -> None:
    with pytest.raises(DataError, match=r"one group a row, \(2,\). Received: 1"):
        gate_distance([[0.3, 0.7]] * 2, _groups("a"))
