import numpy as np
import pytest
import tensorflow as tf

from tfelc.losses.next_item.negative_sampler import NegativeSampler


@pytest.mark.parametrize(
    ("power", "chances"),
    [(0.0, [1 / 4] * 4), (0.5, [3 / 7, 2 / 7, 1 / 7, 1 / 7]), (1.0, [9 / 15, 4 / 15, 1 / 15, 1 / 15])],
)
def test_draws_go_by_a_power_of_the_counts(power: float, chances: list[float]) -> None:
    sampler = NegativeSampler(np.array([9, 4, 1, 0]), power, seed=0)
    np.testing.assert_allclose(np.exp(sampler.log_chances), chances, rtol=1e-5)
    drawn = np.array(sampler.draw((100, 200)))
    assert drawn.dtype == "int32" and drawn.shape == (100, 200)
    np.testing.assert_allclose(np.bincount(drawn.ravel(), minlength=5)[1:] / 20_000, chances, atol=0.012)
    assert np.bincount(drawn.ravel())[0] == 0


def test_the_ends_of_the_range_of_draws_are_items(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    sampler = NegativeSampler(np.ones(100_000, np.int64), 0.0)
    ends = tf.constant([0.0, np.nextafter(np.float32(1), np.float32(0)), 1.0])
    monkeypatch.setattr(keras.random, "uniform", lambda shape, seed: ends)
    assert np.array(sampler.draw((3,)))[[0, 2]].tolist() == [1, 100_000]
    assert 99_990 < np.array(sampler.draw((3,)))[1] <= 100_000


def test_every_item_of_a_large_catalog_can_be_drawn() -> None:
    sampler = NegativeSampler(np.ones(3000, np.int64), 0.5, seed=1)
    graph = tf.function(lambda: sampler.draw((60_000,)))
    assert len(np.unique(graph())) == 3000
    assert not np.array_equal(graph(), graph())


def test_each_item_of_a_million_is_drawn_by_its_own_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    sampler = NegativeSampler(np.arange(1, 1_000_001), 1.0, seed=1)
    asked: list[tuple[int, int]] = []
    # Points to either side of where items begin: no grid of points may be coarser than the items.
    begins = np.array([0.25, 0.5, 0.75])
    items = np.ceil((np.sqrt(1 + 4 * begins * 1_000_000 * 1_000_001) - 1) / 2)

    def points(shape: tuple[int, ...], low: int, high: int, **kwargs: object) -> tf.Tensor:
        asked.append((low, high))
        return tf.constant(np.round(begins * high), tf.int32)

    with monkeypatch.context() as patched:
        patched.setattr(keras.random, "randint", points)
        assert np.array(sampler.draw((3,))).tolist() == items.tolist()
    assert asked == [(0, 2**31 - 1)]
    graph = tf.function(lambda: sampler.draw((200_000,)))
    drawn = np.concatenate([graph().numpy() for _ in range(5)])
    # Half of all chances are those of the last 29 % of the items.
    assert np.mean(drawn > 707_107) == pytest.approx(0.5, abs=0.005)
    assert drawn.min() >= 1 and drawn.max() <= 1_000_000
