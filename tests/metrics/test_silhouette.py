import math

import numpy as np
import pytest

from tfelc.core.errors import DataError
from tfelc.metrics.silhouette import silhouette


def test_by_hand() -> None:
    rows = np.array([[1.0, 0], [3, 0], [0, 1], [-2, 0]])
    # Cosine distances: rows 0 and 1 are 0 apart; row 2 is 1 from them and from row 3, which is 2 from them.
    # Rows 0, 1: a = 0. Row 2: a = 1 (to row 3), b = 1. Row 3: a = 1, b = 2.
    assert silhouette(rows, np.array([0, 0, 1, 1])) == pytest.approx((1 + 1 + 0 + 0.5) / 4)


def test_a_sample_comes_close_and_repeats() -> None:
    rng = np.random.default_rng(0)
    clusters = rng.integers(0, 3, 3000)
    rows = np.eye(3)[clusters] + 0.2 * rng.normal(size=(3000, 3))
    whole = silhouette(rows, clusters, sample=3000)
    assert whole > 0.6
    assert silhouette(rows, clusters, sample=500) == pytest.approx(whole, abs=0.03)
    assert silhouette(rows, clusters, sample=500) == silhouette(rows, clusters, sample=500)


def test_is_not_defined_for_one_cluster_or_one_each() -> None:
    assert math.isnan(silhouette(np.eye(3), np.zeros(3, int)))
    assert math.isnan(silhouette(np.eye(3), np.arange(3)))


def test_refuses_what_cannot_be_measured() -> None:
    with pytest.raises(DataError, match="one cluster a row"):
        silhouette(np.eye(3), np.zeros(2, int))
    with pytest.raises(DataError, match="finite"):
        silhouette(np.array([[np.nan, 1], [1, 1], [0, 1]]), np.array([0, 1, 1]))
