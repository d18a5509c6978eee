import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tests.layers.layer_check import check_layer
from tfelc.layers.neighbor_scores import _LEAST_RECENCY, NeighborScores

ITEMS = 4
NEAR = np.array(
    [
        [0, 0, 0, 0, 0],
        [0, 0, 3, 1, 0],
        [0, 2, 0, 2, 1],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 5, 0],
    ],
    "float32",
)


def _layer(num_neighbors: int = 3, weight: float = 1.5, recency: float = 0.5) -> NeighborScores:
    layer = NeighborScores(ITEMS, num_neighbors, weight, recency)
    layer.build((None, None))
    layer.set_neighbors(sparse.csr_matrix(NEAR))
    return layer


def test_scores_by_hand() -> None:
    # After 1, then 2: 2's neighbors in full and half of 1's. 1: 2, 2: 1.5, 3: 2 + 0.5, 4: 1; in all 7.
    found = np.array(_layer()(np.array([[0, 1, 2], [0, 0, 3]], "int32")))
    wanted = [0, *(1.5 * math.log1p(part / 7 / 1e-4) for part in (2, 1.5, 2.5, 1))]
    np.testing.assert_allclose(found[0], wanted, rtol=1e-5)
    # 3 stands near nothing.
    np.testing.assert_array_equal(found[1], np.zeros(ITEMS + 1))


def test_only_the_nearest_are_kept_and_of_equals_the_first() -> None:
    found = np.array(_layer(num_neighbors=1)(np.array([[2], [1]], "int32")))
    assert np.flatnonzero(found[0]).tolist() == [1]
    assert np.flatnonzero(found[1]).tolist() == [2]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, ITEMS), min_size=1, max_size=30), st.integers(0, 5), st.sampled_from([0.3, 0.9, 1.0]))
def test_padding_does_not_count_and_what_is_too_old_neither(history: list[int], pads: int, recency: float) -> None:
    layer = _layer(recency=recency)
    found = np.array(layer(np.array([[0] * pads + history], "int32")))
    np.testing.assert_allclose(found, layer(np.array([history], "int32")), rtol=1e-6)
    weights = [recency**age for age in range(len(history))]
    near = [NEAR[item].astype("float64") for item in history[::-1]]
    parts = sum(weight * row for weight, row in zip(weights, near, strict=True) if weight >= _LEAST_RECENCY)
    share = parts / max(parts.sum(), 1e-12)
    np.testing.assert_allclose(found[0], 1.5 * np.log1p(share / 1e-4), rtol=1e-3, atol=1e-5)


def test_layer() -> None:
    check_layer(
        NeighborScores,
        {"num_items": ITEMS, "num_neighbors": 3, "weight": 1.5, "recency": 0.5},
        np.array([[0, 1, 2], [4, 3, 1]], "int32"),
        expected_output_shape=(2, ITEMS + 1),
        expected_trainable_count=0,
        expected_non_trainable_count=2,
        expected_mixed_dtype="float32",
    )


def test_a_catalog_without_any_neighbors() -> None:
    layer = NeighborScores(ITEMS, 3, 1.0, 0.5)
    layer.build((None, None))
    layer.set_neighbors(sparse.csr_matrix((ITEMS + 1, ITEMS + 1), dtype="float32"))
    assert np.array(layer(np.array([[1, 2]], "int32"))).sum() == pytest.approx(0)
