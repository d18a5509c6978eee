from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.layers.layer_check import check_layer
from tfelc.layers.fused_embedding import FusedEmbedding

# Padding lies at the foot of the second table of a fused one.
_PADDING = 2


def _layer(rows: int = 6, dim: int = 2, **kwargs: Any) -> FusedEmbedding:
    layer = FusedEmbedding(rows, dim, **kwargs)
    layer.build((None,))
    layer.embeddings.assign(np.arange(rows * dim).reshape(rows, dim))
    return layer


def _row(number: float) -> list[float]:
    return [2 * number, 2 * number + 1]


def test_keeps_the_habits_of_a_layer() -> None:
    ids = np.arange(12).reshape(4, 3) % 5
    check_layer(FusedEmbedding, {"rows": 5, "dim": 3, "scale": 0.5}, ids, (4, 3, 3), expected_trainable_count=1)


def test_starts_near_zero() -> None:
    layer = FusedEmbedding(4000, 8)
    layer.build((None,))
    assert np.std(layer.embeddings) == pytest.approx(0.02, rel=0.05)
    assert abs(np.mean(layer.embeddings)) < 1e-3


def test_looks_rows_up() -> None:
    np.testing.assert_array_equal(_layer()(np.array([[5, 0], [3, 3]])), [[_row(5), _row(0)], [_row(3), _row(3)]])


def test_mean_over_what_is_there() -> None:
    ids = [[3, 5, 2, 2], [2, 4, 2, 5], [2, 2, 2, 2], [3, 3, 3, 5], [0, 1, 4, 5], [2, 2, 2, 4]]
    expected = [_row(4), _row(4.5), [0, 0], _row(3.5), _row(2.5), _row(4)]
    np.testing.assert_allclose(_layer().mean(np.array(ids), _PADDING), expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(0, 4), (3, 0)])
def test_mean_of_nothing_is_zero(shape: tuple[int, int]) -> None:
    np.testing.assert_array_equal(_layer().mean(np.zeros(shape, "int32"), _PADDING), np.zeros((shape[0], 2)))


def test_gradients_hold_the_rows_of_the_batch_alone() -> None:
    layer = _layer()
    with tf.GradientTape(persistent=True) as tape:
        total = tf.reduce_sum(layer(np.array([4, 1, 4])) * [[1.0], [10], [100]])
        pooled = tf.reduce_sum(layer.mean(np.array([[3, 2, 5, 5], [2, 2, 2, 2]]), _PADDING) * [[6.0], [1]])
    gradient = tape.gradient(total, layer.embeddings.value)
    assert isinstance(gradient, tf.IndexedSlices)
    np.testing.assert_allclose(tf.convert_to_tensor(gradient)[:, 0], [0, 10, 0, 0, 101, 0])
    gradient = tape.gradient(pooled, layer.embeddings.value)
    assert isinstance(gradient, tf.IndexedSlices)
    assert _PADDING not in gradient.indices
    np.testing.assert_allclose(tf.convert_to_tensor(gradient)[:, 0], [0, 0, 0, 2, 0, 4])


def test_mean_of_a_long_list_holds_in_half_the_width() -> None:
    layer = _layer(dtype="mixed_bfloat16")
    # A bfloat16 sum of ones stands still at 256.
    pooled = layer.mean(np.full((1, 1000), 1), _PADDING)
    assert pooled.dtype == tf.bfloat16
    np.testing.assert_array_equal(tf.cast(pooled, tf.float32), [_row(1)])


def test_lists_keep_their_places_and_frozen_rows_have_no_gradient() -> None:
    table = FusedEmbedding(rows=5, dim=1, frozen=[(3, 5)])
    table.build((None,))
    table.embeddings.assign([[0.5], [1], [2], [3], [4]])
    lists = tf.constant([[0, 2, 3], [4, 0, 0]])
    with tf.GradientTape() as tape:
        rows = table.padded(lists, padding=0)
        total = tf.reduce_sum(rows)
    np.testing.assert_array_equal(rows[..., 0], [[0, 2, 3], [4, 0, 0]])
    gradient = tf.convert_to_tensor(tape.gradient(total, table.embeddings.value))
    np.testing.assert_array_equal(gradient[:, 0], [0, 0, 1, 0, 0])
