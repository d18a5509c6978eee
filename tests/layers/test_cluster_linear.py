from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfelc.layers.cluster_linear import ClusterLinear


def _inputs(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def test_by_hand_with_soft_and_hard_assignments() -> None:
    layer = ClusterLinear(num_tasks=2, num_clusters=2)
    inputs = np.array([[1.0, 2], [3, 4]], "float32")
    assignment = np.array([[0.25, 0.75], [0, 1]], "float32")
    np.testing.assert_array_equal(layer(inputs, assignment), np.zeros((2, 2)))
    # Columns: task 0 of clusters 0 and 1, then task 1 of both.
    layer.kernel.assign([[1, 0, 0, 2], [0, 1, 0, 0]])
    layer.bias.assign([0, 0, 8, 0])
    # Row 0: task 0 .25 * 1 + .75 * 2, task 1 .25 * 8 + .75 * 2. Row 1 is in cluster 1 alone.
    np.testing.assert_allclose(layer(inputs, assignment), [[1.75, 3.5], [4, 6]], rtol=1e-6)


def test_one_assignment_for_all_rows() -> None:
    layer = ClusterLinear(2, 3)
    inputs, assignment = _inputs(5, 4), np.array([[0.2, 0.3, 0.5]], "float32")
    layer(inputs, assignment)
    layer.kernel.assign(_inputs(4, 6))
    repeated = layer(inputs, np.repeat(assignment, 5, axis=0))
    np.testing.assert_allclose(layer(inputs, assignment), repeated, rtol=1e-6)


def test_config_and_precision() -> None:
    layer = ClusterLinear(2, 3, dtype="mixed_bfloat16", name="linear")
    again = ClusterLinear.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    out = again(tf.cast(_inputs(4, 5), tf.bfloat16), np.full((4, 3), 1 / 3, "float32"))
    assert out.shape == again.compute_output_shape((4, 5), (4, 3)) == (4, 2)
    assert out.dtype == tf.float32


def test_learns_what_clusters_see_differently() -> None:
    rng = np.random.default_rng(0)
    x, cluster = rng.normal(size=(400, 1)).astype("float32"), rng.integers(0, 2, 400)
    target = np.where(cluster == 1, x[:, 0], -x[:, 0])
    entry, shares = keras.Input((1,)), keras.Input((2,))
    model = keras.Model([entry, shares], ClusterLinear(1, 2)(entry, shares))
    model.compile(optimizer=keras.optimizers.Adam(0.05), loss="mse")
    loss = model.fit([x, np.eye(2, dtype="float32")[cluster]], target, epochs=30, batch_size=100, verbose=0).history
    assert loss["loss"][-1] < 0.01 < 0.5 < loss["loss"][0]
