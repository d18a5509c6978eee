import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfelc.layers.center_updates import BLOCK, moving_means, still_active


def _f32(values: Any) -> Any:
    return np.asarray(values, dtype="float32")


def _active(centers: Any, share: Any, active: Any = None, temperature: float = 0.1, first: int = 0) -> list[float]:
    active = np.ones(len(centers)) if active is None else active
    found = still_active(_f32(centers), _f32(share), _f32(active), temperature, np.int32(first))
    return np.array(found).tolist()


def _at(*degrees: float) -> Any:
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1)


def test_moving_means_by_hand() -> None:
    embeddings = _f32([[1, 0], [0, 1], [0, 1], [0, 1]])
    shares = _f32([[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]])
    found = moving_means(_f32([[0, 1], [1, 0], [-1, 0]]), embeddings, shares, 0.9)
    # Three clusters and four rows: one row is 3/4 of an even share, three are 9/4 of it.
    one, three = 1 - 0.9**0.75, 1 - 0.9**2.25
    np.testing.assert_allclose(found, [[one, 1 - one], [1 - three, three], [-1, 0]], rtol=1e-5)


def test_moving_means_do_not_depend_on_how_rows_are_batched() -> None:
    # Twice the same rows in one batch keep momentum^n of the old, as two batches of half the size each do.
    row, start = _f32([[0, 1]]), _f32([[1, 0]])
    whole = moving_means(start, row, _f32([[1]]), 0.8)
    assert float(whole[0][0]) == pytest.approx(0.8, rel=1e-6)
    again = moving_means(whole, row, _f32([[1]]), 0.8)
    assert float(again[0][0]) == pytest.approx(0.64, rel=1e-6)


def test_of_two_close_centers_the_one_that_holds_less_goes() -> None:
    # 1 - cos(25 degrees) = 0.094 and 1 - cos(26 degrees) = 0.101, on the two sides of the temperature.
    assert _active(_at(0, 25, 120), [0.3, 0.4, 0.3]) == [0, 1, 1]
    assert _active(_at(0, 26, 120), [0.3, 0.4, 0.3]) == [1, 1, 1]
    # The first of two that hold the same stays.
    assert _active(_at(0, 10, 120), [0.3, 0.3, 0.4]) == [1, 0, 1]


def test_a_chain_loses_only_the_neighbors_of_its_peak() -> None:
    # 0 takes 20 in; 40 is near 20 alone, which goes itself, so it stays for now.
    assert _active(_at(0, 20, 40), [0.5, 0.3, 0.2]) == [1, 0, 1]
    assert _active(_at(0, 20, 40), [0.5, 0.3, 0.2], active=[1, 0, 1]) == [1, 0, 1]


def test_a_nearly_empty_cluster_goes_and_the_largest_never() -> None:
    # A tenth of an even share is 0.025 for four.
    assert _active(np.eye(4), [0.6, 0.35, 0.026, 0.024]) == [1, 1, 1, 0]
    assert _active(np.eye(4), [0.001, 0.0005, 0.0, 0.0]) == [1, 0, 0, 0]


def test_many_centers_are_gone_through_block_by_block() -> None:
    count = BLOCK + 40
    centers = np.eye(count)
    centers[BLOCK + 5] = centers[BLOCK + 1]
    share = np.full(count, 1 / count)
    assert _active(centers, share) == [1.0] * count
    wanted = np.ones(count)
    wanted[BLOCK + 5] = 0
    assert _active(centers, share, first=BLOCK) == wanted.tolist()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 12), dim=st.integers(2, 4), out=st.integers(0, 3))
def test_until_it_stands_still_the_largest_stays_and_no_two_are_close(
    seed: int, count: int, dim: int, out: int
) -> None:
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(count, dim))
    centers /= np.linalg.norm(centers, axis=1, keepdims=True)
    share = rng.dirichlet(np.ones(count))
    active = np.ones(count)
    active[rng.permutation(count)[: min(out, count - 1)]] = 0
    largest = int(np.argmax(np.where(active > 0, share, -1)))
    for _ in range(count):
        before, active = active, np.array(_active(centers, share, active, 0.3))
        assert np.all(active <= before)
    assert active[largest] == 1
    kept = centers[active > 0]
    cosines = kept @ kept.T - 2 * np.eye(len(kept))
    assert np.all(cosines <= 1 - 0.3 + 1e-5)
    assert math.isfinite(active.sum())
