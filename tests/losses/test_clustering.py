import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from keras import ops
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from tfelc.losses import clustering

Array = NDArray[np.float64]


def _unit(rows: Array) -> Array:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def _naive_paper(embeddings: Array, centers: Array) -> float:
    batch, count = len(embeddings), len(centers)
    push = sum(np.sum((centers[i] - centers[j]) ** 2) for i in range(count) for j in range(count) if j != i)
    pull = sum(np.sum((embeddings[i] - centers[j]) ** 2) for i in range(batch) for j in range(count))
    return float(-push / ((count - 1) * count) + pull / (batch * count))


def _loss(objective: str, embeddings: Array, centers: Array, temperature: float = 0.1) -> float:
    loss = clustering.OBJECTIVES[objective](
        ops.convert_to_tensor(embeddings, "float32"), ops.convert_to_tensor(centers, "float32"), temperature
    )
    assert tuple(loss.shape) == ()
    return float(loss)


@st.composite
def _unit_rows(draw: st.DrawFn) -> tuple[Array, Array]:
    batch, count, dim = draw(st.integers(1, 6)), draw(st.integers(2, 5)), draw(st.integers(1, 4))
    entries = st.floats(-1, 1, width=16).filter(lambda x: abs(x) > 0.01)
    return (
        _unit(draw(hnp.arrays(np.float64, (batch, dim), elements=entries))),
        _unit(draw(hnp.arrays(np.float64, (count, dim), elements=entries))),
    )


def test_paper_by_hand() -> None:
    # Centers (1,0) and (0,1): squared distance 2, twice, over 2 pairs: push 2. Embeddings (1,0) and (-1,0): squared
    # distances to the centers 0, 2 and 4, 2: mean 2. Together 0.
    assert _loss("paper", np.array([[1.0, 0], [-1, 0]]), np.eye(2)) == pytest.approx(0.0, abs=1e-6)
    # One embedding (0.6, 0.8): squared distances 0.8 and 0.4, mean 0.6; 0.6 - 2.
    assert _loss("paper", np.array([[0.6, 0.8]]), np.eye(2)) == pytest.approx(-1.4, abs=1e-6)
    # The two ends of the range: opposite centers push 4 and a single point's distances are 0 and 4.
    assert _loss("paper", np.array([[1.0, 0]]), np.array([[1.0, 0], [-1, 0]])) == pytest.approx(-2.0, abs=1e-6)
    assert _loss("paper", np.array([[-1.0, 0]]), np.array([[1.0, 0], [1, 0]])) == pytest.approx(4.0, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(_unit_rows())
def test_paper_is_the_double_sum_and_lies_in_its_range(rows: tuple[Array, Array]) -> None:
    loss = _loss("paper", *rows)
    assert loss == pytest.approx(_naive_paper(*rows), abs=2e-5)
    assert -4 - 1e-5 <= loss <= 4 + 1e-5


def test_paper_is_the_double_sum_for_rows_of_any_length() -> None:
    rng = np.random.default_rng(0)
    embeddings, centers = rng.normal(size=(7, 3)), rng.normal(size=(4, 3))
    assert _loss("paper", embeddings, centers) == pytest.approx(_naive_paper(embeddings, centers), rel=1e-5)


def test_paper_depends_on_the_mean_center_alone() -> None:
    embeddings = _unit(np.random.default_rng(0).normal(size=(9, 3)))
    # Four centers at height 0.6 around the z-axis: two pairs that coincide, and four apart, have the same mean.
    level = 0.8
    apart = np.array([[level, 0, 0.6], [-level, 0, 0.6], [0, level, 0.6], [0, -level, 0.6]])
    pairs = apart[[0, 0, 1, 1]]
    assert _loss("paper", embeddings, apart) == pytest.approx(_loss("paper", embeddings, pairs), abs=1e-6)
    mean, count = apart.mean(axis=0), 4
    identity = 2 * count / (count - 1) * (mean @ mean - 1) + 2 - 2 * embeddings.mean(axis=0) @ mean
    assert _loss("paper", embeddings, apart) == pytest.approx(identity, abs=1e-6)
    # The other two objectives do see the difference.
    for objective in ("nearest", "soft"):
        assert _loss(objective, embeddings, pairs) > _loss(objective, embeddings, apart) + 0.3


def test_a_single_center_has_no_pairs() -> None:
    embeddings, center = np.array([[1.0, 0], [0, 1]]), np.array([[1.0, 0]])
    for objective in clustering.OBJECTIVES:
        assert _loss(objective, embeddings, center) == pytest.approx(1.0, abs=1e-6)


def test_spread_by_hand() -> None:
    temperature = clustering.SPREAD_TEMPERATURE
    # Cosines 0, 0 and 1, each pair counted twice.
    centers = ops.convert_to_tensor([[1.0, 0], [1, 0], [0, 1]], "float32")
    expected = temperature * math.log((2 * math.exp(1 / temperature) + 4) / 6)
    assert float(clustering.spread(centers)) == pytest.approx(expected, abs=1e-6)
    # All cosines alike: that cosine itself.
    assert float(clustering.spread(ops.eye(3))) == pytest.approx(0.0, abs=1e-6)
    assert float(clustering.spread(ops.convert_to_tensor([[1.0, 0], [-1, 0]]))) == pytest.approx(-1.0, abs=1e-6)


def test_balance_by_hand() -> None:
    # Similarities that are t times log-shares give those shares. Two clusters want 0.05 each of the mean share.
    def balance(shares: list[list[float]]) -> float:
        return float(clustering.balance(ops.convert_to_tensor(0.5 * np.log(shares), "float32"), 0.5))

    assert balance([[0.9, 0.1], [0.99, 0.01]]) == pytest.approx(0.0, abs=1e-6)
    assert balance([[0.98, 0.02], [0.99, 0.01]]) == pytest.approx(math.log(0.05 / 0.015) / 2, abs=1e-5)
    # Four clusters want 0.025; two have e^-10 of it and the sum of their lacks counts.
    lack = 0.025 * math.exp(-10)
    assert balance([[0.5, 0.5 - 2 * lack, lack, lack]]) == pytest.approx(2 * 10 / 4, abs=1e-4)


def test_balance_pulls_an_empty_center_with_a_bounded_weight_however_empty() -> None:
    pulls = []
    for far in (-0.5, -3.0, -300.0):  # Shares of e^-15 to e^-3010 at temperature 0.1.
        similarity = tf.Variable([[1.0, far], [1.0, far]])
        with tf.GradientTape() as tape:
            loss = clustering.balance(similarity, 0.1)
        pulls.append(np.array(tape.gradient(loss, similarity))[:, 1])
    # 1/k of weight over two rows, divided by the temperature.
    np.testing.assert_allclose(pulls, np.full((3, 2), -0.5 / 2 / 0.1), rtol=1e-4)


def test_nearest_and_soft_by_hand() -> None:
    # Both embeddings at (1,0), centers (1,0) and (0,1), temperature 1: p = (e, 1) / (e + 1). No spread (cosine 0), and
    # both clusters hold enough.
    embeddings, centers = np.array([[1.0, 0], [1, 0]]), np.eye(2)
    share = math.e / (math.e + 1)
    assert _loss("nearest", embeddings, centers, 1.0) == pytest.approx(0.0, abs=1e-6)
    assert _loss("soft", embeddings, centers, 1.0) == pytest.approx(2 * (1 - share), abs=1e-6)
    # At temperature 0.1 the second holds e^-10 of them, 0.05 being wanted.
    balance = (math.log(0.05) + 10) / 2
    assert _loss("nearest", embeddings, centers, 0.1) == pytest.approx(balance, abs=1e-3)
    # Centers at 60 degrees: the spread is their cosine.
    close = np.array([[1.0, 0], [0.5, math.sqrt(0.75)]])
    assert _loss("nearest", embeddings, close, 1.0) == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("objective", sorted(clustering.OBJECTIVES))
def test_clusters_out_of_use_take_no_part(objective: str) -> None:
    rows = tf.constant(_unit(np.random.default_rng(0).normal(size=(9, 3))), tf.float32)
    centers = tf.Variable(_unit(np.random.default_rng(1).normal(size=(4, 3))).astype("float32"))
    active = tf.constant([1.0, 0, 1, 0])
    with tf.GradientTape() as tape:
        loss = clustering.OBJECTIVES[objective](rows, centers, 0.1, active)
    gradient = np.array(tape.gradient(loss, centers))
    np.testing.assert_array_equal(gradient[[1, 3]], 0)
    assert np.abs(gradient[[0, 2]]).max() > 0.01
    alone = clustering.OBJECTIVES[objective](rows, tf.gather(centers, [0, 2]), 0.1, tf.ones(2))
    assert float(loss) == pytest.approx(float(alone), abs=1e-5)


@pytest.mark.parametrize("objective", ["nearest", "soft"])
def test_where_the_number_is_found_the_embeddings_are_left_to_the_task(objective: str) -> None:
    # Nothing else would hold them apart: they and the centers would fall together.
    rows = tf.Variable(_unit(np.random.default_rng(0).normal(size=(9, 3))).astype("float32"))
    with tf.GradientTape() as tape:
        loss = clustering.OBJECTIVES[objective](rows, tf.eye(3), 0.1, tf.ones(3))
    assert tape.gradient(loss, rows) is None


@settings(max_examples=40, deadline=None)
@given(_unit_rows(), st.sampled_from(sorted(clustering.OBJECTIVES)), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: tuple[Array, Array], objective: str, random: object) -> None:
    embeddings, centers = rows
    shuffled = _loss(objective, embeddings[::-1], centers[::-1])
    assert shuffled == pytest.approx(_loss(objective, embeddings, centers), abs=1e-5)


def _blobs(count: int, dim: int, seed: int) -> tuple[Array, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    means = np.linalg.qr(rng.normal(size=(dim, dim)))[0][:count]
    truth = np.repeat(np.arange(count), 40)
    return _unit(means[truth] + 0.1 * rng.normal(size=(len(truth), dim))), truth


def _descend(objective: str, embeddings: Array, start: Array, steps: int) -> Array:
    """Centers after `steps` of Adam on the objective alone."""
    rows, centers = tf.constant(embeddings, "float32"), keras.Variable(start, dtype="float32")
    optimizer = keras.optimizers.Adam(0.05)
    optimizer.build([centers])

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            loss = clustering.OBJECTIVES[objective](rows, ops.normalize(centers), 0.1)
        optimizer.apply([tape.gradient(loss, centers.value)])

    for _ in range(steps):
        step()
    return _unit(np.array(centers, dtype=np.float64))


@pytest.mark.parametrize("objective", ["nearest", "soft"])
@pytest.mark.parametrize(("count", "dim", "seed"), [(5, 8, 0), (20, 32, 1)])
def test_blobs_are_recovered_from_random_centers(objective: str, count: int, dim: int, seed: int) -> None:
    embeddings, truth = _blobs(count, dim, seed)
    start = _unit(np.random.default_rng(seed + 100).normal(size=(count, dim)))
    assert adjusted_rand_score(truth, np.argmax(embeddings @ start.T, axis=1)) < 0.9
    centers = _descend(objective, embeddings, start, steps=100)
    assert adjusted_rand_score(truth, np.argmax(embeddings @ centers.T, axis=1)) > 0.95


def test_two_centers_fallen_together_part() -> None:
    embeddings, truth = _blobs(2, 4, 0)
    start = _unit(np.array([[1.0, 0.1, 0, 0], [1, 0.11, 0, 0]]))
    for objective in ("nearest", "soft"):
        centers = _descend(objective, embeddings, start, steps=100)
        assert adjusted_rand_score(truth, np.argmax(embeddings @ centers.T, axis=1)) == 1.0, objective


def test_the_pull_of_soft_takes_the_shares_as_given() -> None:
    # Orthogonal centers and one embedding on each: the mean assignment is uniform, so `balance` has no gradient.
    rows, centers = tf.eye(2), tf.Variable(tf.eye(2))
    with tf.GradientTape() as tape:
        loss = clustering.soft(rows, centers, 1.0) - clustering.spread(centers)
    # d/dc_j = -2/b sum_i p_ij h_i: both centers are drawn to both embeddings, in proportion to p = (e, 1) / (e + 1).
    share = math.e / (math.e + 1)
    np.testing.assert_allclose(tape.gradient(loss, centers), [[-share, share - 1], [share - 1, -share]], atol=1e-6)
