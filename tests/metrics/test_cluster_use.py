import math

import numpy as np
import pytest

from tfelc.core.errors import DataError
from tfelc.metrics.cluster_use import cluster_use


def test_by_hand() -> None:
    # Hard: three clusters hold 2, 1 and 1 of four rows, a fourth none.
    hard = np.eye(4)[[0, 0, 1, 2]]
    entropy = 0.5 * math.log(2) + 2 * 0.25 * math.log(4)
    assert cluster_use(hard) == pytest.approx((math.exp(entropy), 0.5))
    # Soft: the mean is uniform though every row leans the same way once.
    assert cluster_use([[0.6, 0.4], [0.4, 0.6]]) == pytest.approx((2.0, 0.5))


def test_ends_of_the_range() -> None:
    assert cluster_use(np.eye(20)[np.zeros(7, dtype=int)]) == pytest.approx((1.0, 1.0))
    assert cluster_use(np.eye(20)) == pytest.approx((20.0, 0.05))


def test_refuses_what_is_no_assignment() -> None:
    with pytest.raises(DataError, match="cluster assignments must be at least 0 and sum to 1. Row 1 sums to 2"):
        cluster_use([[1.0, 0], [1, 1]])
