import numpy as np

from tfelc.data.hashed_random import hashed_normal, hashed_uniform


def test_a_key_has_its_numbers_wherever_it_stands() -> None:
    keys = np.array([5, 0, 5, 2**62, 17])
    together = hashed_uniform(keys, seed=3, stream=1, width=4)
    assert together.shape == (5, 4) and together.dtype == np.float32
    for row, key in enumerate(keys):
        np.testing.assert_array_equal(hashed_uniform(np.array([key]), 3, 1, 4)[0], together[row])
    np.testing.assert_array_equal(hashed_uniform(keys, 3, 1, 2), together[:, :2])


def test_uniform_numbers_are_uniform_and_streams_unrelated() -> None:
    keys = np.arange(200_000)
    one, other, seed = (hashed_uniform(keys, *which, 2) for which in ((0, 1), (0, 2), (1, 1)))
    assert one.min() >= 0 and one.max() < 1
    counts = np.histogram(one[:, 0], 20, (0, 1))[0]
    assert np.abs(counts - 10_000).max() < 500  # five standard deviations
    columns = np.concatenate([one, other, seed], axis=1)
    correlation = np.corrcoef(columns.T) - np.eye(6)
    neighbors = np.corrcoef(one[1:, 0], one[:-1, 0])[0, 1]
    assert np.abs(correlation).max() < 0.012 and abs(neighbors) < 0.012


def test_normal_numbers_are_normal() -> None:
    normal = hashed_normal(np.arange(200_000), 0, 9, 4)
    np.testing.assert_allclose(normal.mean(axis=0), 0, atol=0.012)
    np.testing.assert_allclose(normal.std(axis=0), 1, atol=0.01)
    np.testing.assert_allclose((np.abs(normal) < 1).mean(axis=0), 0.6827, atol=0.006)
    assert np.abs(np.corrcoef(normal.T) - np.eye(4)).max() < 0.012
