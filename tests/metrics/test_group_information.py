import math
from typing import Any

import numpy as np
import pytest

from tfelc.core.errors import DataError
from tfelc.metrics.group_information import group_information


def _groups(*names: str | None) -> Any:
    return np.array(names, dtype=object)


def test_by_hand() -> None:
    # Cluster 0 holds a, a and b, cluster 1 holds b; groups are even, log 2.
    found = group_information(np.array([0, 0, 0, 1]), _groups("a", "a", "b", "b"))
    nats = 0.5 * math.log(0.5 / (0.75 * 0.5)) + 0.25 * math.log(0.25 / (0.75 * 0.5)) + 0.25 * math.log(0.25 / 0.125)
    assert found == pytest.approx((nats, nats / math.log(2)))


def test_ends_of_the_range() -> None:
    assert group_information(np.array([3, 3, 7, 9]), _groups("a", "a", "b", "b")).share == pytest.approx(1.0)
    assert group_information(np.array([0, 1, 0, 1]), _groups("a", "a", "b", "b")) == pytest.approx((0.0, 0.0))
    alone = group_information(np.array([0, 1]), _groups("a", "a"))
    assert alone.nats == 0 and math.isnan(alone.share)


def test_rows_of_no_group_are_left_out() -> None:
    assert group_information(np.array([0, 1, 1]), _groups("a", "b", None)).share == pytest.approx(1.0)
    with pytest.raises(DataError, match="a row with a group"):
        group_information(np.array([0]), _groups(None))
    with pytest.raises(DataError, match="Received: 2"):
        group_information(np.array([0]), _groups("a", "b"))
