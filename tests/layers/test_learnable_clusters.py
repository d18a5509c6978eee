import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from tests.layers.layer_check import check_layer
from tfelc.core.errors import DataError
from tfelc.layers.learnable_clusters import LearnableClusters
from tfelc.losses import clustering


def _layer(centers: Any, **kwargs: Any) -> LearnableClusters:
    centers = np.asarray(centers, dtype="float32")
    layer = LearnableClusters(len(centers), **kwargs)
    layer.build((None, centers.shape[1]))
    layer.centers.assign(centers)
    return layer


def _rows(seed: int, rows: int, dim: int) -> Any:
    return np.random.default_rng(seed).normal(size=(rows, dim)).astype("float32")


@pytest.mark.parametrize("objective", sorted(clustering.OBJECTIVES))
def test_keeps_the_habits_of_a_layer(objective: str) -> None:
    check_layer(
        LearnableClusters,
        {"num_clusters": 3, "alpha": 0.5, "objective": objective, "temperature": 0.2},
        _rows(0, 6, 4),
        {"assignment": (6, 3), "center": (6, 4), "cluster": (6,)},
        expected_trainable_count=1,
        expected_mixed_dtype="float32",
    )


@pytest.mark.parametrize(("momentum", "merge"), [(0.0, True), (0.9, False), (0.9, True)])
def test_keeps_the_habits_of_a_layer_with_other_updates(momentum: float, merge: bool) -> None:
    moved = momentum > 0
    check_layer(
        LearnableClusters,
        {"num_clusters": 3, "objective": "soft", "momentum": momentum, "merge": merge},
        _rows(0, 6, 4),
        {"assignment": (6, 3), "center": (6, 4), "cluster": (6,)},
        expected_trainable_count=0 if moved else 1,
        expected_non_trainable_count=moved + 3 * merge,
        expected_mixed_dtype="float32",
    )


def test_outputs_by_hand() -> None:
    layer = _layer([[2.0, 0], [0, 0.5]], temperature=1.0)
    out = layer(np.array([[3.0, 4.0], [5, 0]], dtype="float32"))
    # Cosines (0.6, 0.8) and (1, 0).
    first = math.exp(0.8) / (math.exp(0.6) + math.exp(0.8))
    second = math.e / (math.e + 1)
    np.testing.assert_allclose(out["assignment"], [[1 - first, first], [second, 1 - second]], rtol=1e-6)
    np.testing.assert_array_equal(out["cluster"], [1, 0])
    assert keras.backend.standardize_dtype(out["cluster"].dtype) == "int32"
    np.testing.assert_allclose(out["center"], [[0, 1], [1, 0]], atol=1e-7)


def test_the_weighted_loss_enters_in_training_only() -> None:
    layer = _layer(np.eye(2), alpha=0.25)
    inputs = np.array([[0.6, 0.8]], dtype="float32")  # Eq. 3 gives -1.4 here, whatever the row's length.
    for training in (None, False):
        layer(inputs, training=training)
        assert layer.losses == []
    assert float(layer.loss_tracker.count) == 0
    layer(7 * inputs, training=True)
    assert [float(loss) for loss in layer.losses] == pytest.approx([0.25 * -1.4], abs=1e-6)
    assert float(layer.loss_tracker.result()) == pytest.approx(-1.4, abs=1e-6)


def test_the_raw_loss_stands_in_the_log_of_fit() -> None:
    entry = keras.Input((2,))
    layer = LearnableClusters(2, alpha=0.25)
    model = keras.Model(entry, keras.layers.Dense(1, kernel_initializer="zeros")(layer(entry)["assignment"]))
    layer.centers.assign(np.eye(2))
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
    inputs = np.array([[0.6, 0.8], [0.6, 0.8], [0.6, 0.8]], dtype="float32")
    history = model.fit(inputs, np.zeros((3, 1)), batch_size=2, verbose=0).history
    assert history["cluster_loss"] == pytest.approx([-1.4], abs=1e-6)
    assert history["loss"] == pytest.approx([0.25 * -1.4], abs=1e-6)
    assert model.evaluate(inputs, np.zeros((3, 1)), verbose=0, return_dict=True)["loss"] == pytest.approx(0.0)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(1, 5),
    num_clusters=st.integers(1, 6),
    dim=st.integers(1, 5),
    scale=st.floats(1e-4, 1e4),
)
def test_properties(seed: int, rows: int, num_clusters: int, dim: int, scale: float) -> None:
    inputs, centers = _rows(seed, rows, dim), _rows(seed + 1, num_clusters, dim)
    plain = {key: np.array(value) for key, value in _layer(centers)(inputs).items()}
    np.testing.assert_allclose(plain["assignment"].sum(axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(plain["center"], axis=1), 1.0, atol=1e-5)

    lengths = np.float32(scale) * np.random.default_rng(seed).uniform(0.5, 2, size=(num_clusters, 1)).astype("float32")
    scaled = _layer(centers * lengths)(inputs * np.float32(scale))
    np.testing.assert_allclose(scaled["assignment"], plain["assignment"], atol=1e-4)

    order = np.random.default_rng(seed).permutation(num_clusters)
    permuted = _layer(centers[order])(inputs)
    np.testing.assert_allclose(permuted["assignment"], plain["assignment"][:, order], atol=1e-5)
    if dim > 1:  # On a line all centers of one sign are equally near.
        np.testing.assert_array_equal(order[np.array(permuted["cluster"])], plain["cluster"])
        np.testing.assert_array_equal(plain["cluster"], plain["assignment"].argmax(axis=1))


def test_the_gradient_flows_to_the_nearest_center_and_no_other() -> None:
    layer = _layer([[1.0, 0.2], [-1, 0], [0, -1]])
    with tf.GradientTape() as tape:
        target = tf.reduce_sum(layer(np.array([[1.0, 0]], dtype="float32"))["center"] * [[0.0, 1.0]])
    gradient = np.array(tf.convert_to_tensor(tape.gradient(target, layer.centers.value)))
    assert np.abs(gradient[0]).min() > 0.1
    np.testing.assert_array_equal(gradient[1:], 0)


@pytest.mark.parametrize("objective", sorted(clustering.OBJECTIVES))
def test_a_row_of_zeros_is_in_no_cluster_and_harms_no_gradient(objective: str) -> None:
    layer = _layer(np.eye(3), objective=objective)
    inputs = tf.Variable([[0.0, 0, 0], [1, 0, 0]])
    with tf.GradientTape() as tape:
        out = layer(inputs, training=True)
        target = tf.reduce_sum(out["assignment"] ** 2) + layer.losses[0]
    np.testing.assert_allclose(out["assignment"][0], [1 / 3] * 3, rtol=1e-6)
    for gradient in tape.gradient(target, [inputs, layer.centers.value]):
        assert np.all(np.isfinite(gradient)) and np.abs(gradient).max() < 100


def test_runs_in_float32_in_mixed_precision() -> None:
    inputs, centers = _rows(0, 64, 8), _rows(1, 20, 8)
    full = _layer(centers)
    mixed = _layer(centers, dtype="mixed_bfloat16")
    for _ in range(300):  # A bfloat16 counter stands still at 256.
        outputs = mixed(inputs, training=True)
    np.testing.assert_array_equal(outputs["assignment"], full(inputs, training=True)["assignment"])
    assert float(mixed.loss_tracker.count) == 300
    assert float(mixed.loss_tracker.result()) == pytest.approx(float(full.loss_tracker.result()), rel=1e-5)


def test_momentum_moves_the_centers_towards_their_embeddings_in_training_only() -> None:
    layer = _layer(np.eye(2), momentum=0.9)
    rows = np.array([[0.6, 0.8], [0.6, 0.8]], dtype="float32")
    layer(rows)
    np.testing.assert_array_equal(layer.centers, np.eye(2))
    layer(rows, training=True)
    # The second center is the nearest of both rows, twice an even share; the first has none.
    kept = 0.9**2
    np.testing.assert_allclose(layer.centers, [[1, 0], [0.6 * (1 - kept), kept + 0.8 * (1 - kept)]], rtol=1e-5)
    assert layer.trainable_weights == []


def test_momentum_under_soft_moves_by_the_soft_assignment() -> None:
    layer = _layer(np.eye(2), momentum=0.9, objective="soft", temperature=1.0)
    layer(np.array([[0.0, 2.0]], dtype="float32"), training=True)
    share = 1 / (1 + math.e)
    kept = 0.9 ** (2 * share)
    np.testing.assert_allclose(layer.centers[0], [kept, 1 - kept], rtol=1e-5)


def test_a_cluster_that_went_is_assigned_nothing() -> None:
    layer = _layer([[1.0, 0], [0.6, 0.8], [0, 1]], merge=True, temperature=0.5)
    rows = np.array([[0.6, 0.8]], dtype="float32")
    assert int(layer(rows)["cluster"][0]) == 1
    layer.active.assign([1.0, 0, 1])
    out = layer(rows)
    np.testing.assert_allclose(out["assignment"], [[1 / (1 + math.exp(0.4)), 0, 1 / (1 + math.exp(-0.4))]], rtol=1e-5)
    assert int(out["cluster"][0]) == 2
    np.testing.assert_array_equal(out["center"], [[0, 1]])


def test_merging_goes_on_in_training_only_and_shares_are_running_means() -> None:
    layer = _layer([[1.0, 0, 0], [1, 0.01, 0], [0, 1, 0], [0, 0, 1]], merge=True, objective="soft")
    rows = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]], dtype="float32")
    layer(rows)
    np.testing.assert_array_equal(layer.active, np.ones(4))
    shares = np.array(layer(rows)["assignment"]).mean(axis=0)
    layer(rows, training=True)
    np.testing.assert_allclose(layer.share, 0.99 * 0.25 + 0.01 * shares, rtol=1e-5)
    np.testing.assert_array_equal(layer.active, [1, 0, 1, 1])
    # A share that runs out takes no other along.
    layer.share.assign([0.4, 0.0, 0.02, 0.4])
    layer(rows, training=True)
    np.testing.assert_array_equal(layer.active, [1, 0, 0, 1])


_SHARES = {5: (0.5, 0.25, 0.15, 0.07, 0.03), 12: tuple(1 / n / sum(1 / m for m in range(1, 13)) for n in range(1, 13))}


@pytest.mark.parametrize("groups", sorted(_SHARES))
@pytest.mark.parametrize("momentum", [0.0, 0.95])
@pytest.mark.parametrize("seed", [0, 1])
def test_unequal_blobs_are_found_whole_and_so_is_their_number(groups: int, momentum: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.choice(groups, size=4000, p=_SHARES[groups])
    means = np.linalg.qr(rng.normal(size=(16, 16)))[0][:groups]
    rows = (means[truth] + 0.08 * rng.normal(size=(4000, 16))).astype("float32")
    keras.utils.set_random_seed(seed)
    layer = LearnableClusters(3 * groups, objective="soft", momentum=momentum, merge=True)
    layer.build((None, 16))
    if momentum:  # A center that holds nothing cannot follow anything, so they start among the data.
        layer.initialize_centers(rows[:1000], seed)
    optimizer = keras.optimizers.Adam(0.05)
    optimizer.build(layer.trainable_weights)

    @tf.function
    def step(batch: Any) -> None:
        with tf.GradientTape() as tape:
            layer(batch, training=True)
            loss = sum(layer.losses)
        if layer.trainable_weights:
            optimizer.apply(tape.gradient(loss, [weight.value for weight in layer.trainable_weights]))

    for _ in range(300):
        step(tf.constant(rows[rng.integers(0, 4000, 256)]))
    assert adjusted_rand_score(truth, layer(rows)["cluster"]) >= 0.95
    assert abs(int(np.sum(layer.active)) - groups) <= 1
    assert float(layer.use_tracker.result()) >= 2


def _blobs() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(4), 50)
    rows = np.eye(6)[truth] + 0.1 * rng.normal(size=(200, 6))
    return (rows * rng.uniform(0.1, 10, size=(200, 1))).astype("float32"), truth


def test_kmeans_start_finds_blobs_and_repeats_to_the_bit() -> None:
    rows, truth = _blobs()
    layer = LearnableClusters(4)
    layer.build((None, 6))
    layer.initialize_centers(rows, seed=3)
    centers = np.array(layer.centers)
    assert adjusted_rand_score(truth, layer(rows)["cluster"]) == 1.0
    np.testing.assert_allclose(np.linalg.norm(centers, axis=1), 1.0, rtol=1e-6)
    layer.initialize_centers(rows, seed=3)
    np.testing.assert_array_equal(layer.centers, centers)


def test_kmeans_start_with_few_distinct_rows_leaves_the_rest_alone() -> None:
    layer = _layer(np.full((4, 3), 0.5))
    layer.initialize_centers(np.array([[0, 0, 2.0], [0, 0, 5], [0, 3, 0], [0, 0, 0]]), seed=0)
    centers = np.array(layer.centers)
    np.testing.assert_allclose(sorted(centers[:2].tolist()), [[0, 0, 1], [0, 1, 0]], atol=1e-6)
    np.testing.assert_array_equal(centers[2:], np.full((2, 3), 0.5, dtype="float32"))


def test_kmeans_start_refuses_a_bad_sample() -> None:
    layer = _layer(np.eye(3))
    with pytest.raises(DataError, match="row 1 is not finite"):
        layer.initialize_centers(np.array([[1.0, 0, 0], [0, np.nan, 0]]), seed=0)
    with pytest.raises(DataError, match="no embedding other than zero"):
        layer.initialize_centers(np.zeros((5, 3)), seed=0)
    with pytest.raises(ValueError, match=r"\(rows, 3\).*\(5, 2\)"):
        layer.initialize_centers(np.ones((5, 2)), seed=0)
    with pytest.raises(ValueError, match="build the layer"):
        LearnableClusters(2).initialize_centers(np.ones((5, 2)), seed=0)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"num_clusters": 0}, "`num_clusters` must be at least 1"),
        ({"num_clusters": 2, "alpha": -1.0}, "`alpha` must not be negative"),
        ({"num_clusters": 2, "objective": "best"}, "one of paper, nearest, soft. Received: objective='best'"),
        ({"num_clusters": 2, "temperature": 0.0}, "`temperature` must be above 0"),
        ({"num_clusters": 2, "momentum": 1.0}, "`momentum` must be at least 0 and below 1. Received: momentum=1.0"),
    ],
)
def test_refuses_bad_arguments(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LearnableClusters(**kwargs)


def test_refuses_inputs_that_are_not_rows() -> None:
    with pytest.raises(ValueError, match="must be 2-D"):
        LearnableClusters(2)(np.ones((2, 3, 4), dtype="float32"))
