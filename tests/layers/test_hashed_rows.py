"""Values with several rows each, by numbers of the hash that are known."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.layers.layer_check import check_layer
from tfelc.layers.fused_embedding import FusedEmbedding
from tfelc.layers.hashed_rows import HASHED_IDS, HashedRows

# Rows 0 to 3 are those of a plain table, 4 that of a missing value, 5 to 11 seven buckets.
TABLE = HashedRows(first=4, buckets=7, functions=2)
ROWS = 12


def _mixed(value: int) -> int:
    """The finalizer of MurmurHash3, in Python's own numbers."""
    value ^= value >> 16
    value = value * 0x85EBCA6B % 2**32
    value ^= value >> 13
    value = value * 0xC2B2AE35 % 2**32
    return value ^ value >> 16


def _rows(value: int) -> list[int]:
    return [5 + _mixed(value ^ seed) % 7 for seed in (0, 0x9E3779B9)]


def _layer(**kwargs: object) -> FusedEmbedding:
    layer = FusedEmbedding(ROWS, 2, hashed=[TABLE], **kwargs)  # type: ignore[arg-type]
    layer.build((None,))
    layer.embeddings.assign([[2.0**row, -row] for row in range(ROWS)])
    return layer


def _sum(value: int) -> list[float]:
    return [sum(2.0**row for row in _rows(value)), -sum(_rows(value))]


def test_the_hash_is_murmur3_s() -> None:
    # Of 1, by the published algorithm.
    assert _mixed(1) == 0x514E28B7
    values = np.array([0, 1, 7, HASHED_IDS - 1])
    for function in range(2):
        assert np.asarray(TABLE.row(values, function)).tolist() == [_rows(int(value))[function] for value in values]


def test_a_value_is_the_sum_of_its_rows_and_any_other_id_its_own() -> None:
    ids = np.array([[3, 4, ROWS + 7], [ROWS + HASHED_IDS - 1, 0, ROWS]])
    expected = [[[8, -3], [16, -4], _sum(7)], [_sum(HASHED_IDS - 1), [1, 0], _sum(0)]]
    np.testing.assert_array_equal(_layer()(ids), expected)


def test_lists_leave_missing_values_out() -> None:
    ids = np.array([[4, ROWS + 7, ROWS + 9], [4, 4, 4]])
    means = [np.mean([_sum(7), _sum(9)], axis=0), [0, 0]]
    np.testing.assert_allclose(_layer().mean(ids, padding=4), means)
    np.testing.assert_array_equal(_layer().padded(ids, padding=4), [[[0, 0], _sum(7), _sum(9)], [[0, 0]] * 3])


def test_tables_beside_each_other_have_ids_and_functions_of_their_own() -> None:
    other = HashedRows(first=ROWS, buckets=3, functions=3)
    layer = FusedEmbedding(ROWS + 4, 1, hashed=[TABLE, other])
    layer.build((None,))
    layer.embeddings.assign([[2.0**row] for row in range(ROWS + 4)])
    rows = [int(other.row(np.array(5), function)) for function in range(3)]
    assert min(rows) > ROWS and max(rows) < ROWS + 4
    found = layer(np.array([ROWS + 4 + 5, ROWS + 4 + HASHED_IDS + 5]))
    np.testing.assert_array_equal(found[:, 0], [_sum(5)[0], sum(2.0**row for row in rows)])


def test_gradients_reach_the_rows_of_values_alone() -> None:
    layer = _layer()
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(np.array([ROWS + 7, 3]))[:, 0] * [1.0, 10.0])
    gradient = tape.gradient(total, layer.embeddings.value)
    assert isinstance(gradient, tf.IndexedSlices)
    expected = np.zeros(ROWS)
    np.add.at(expected, [*_rows(7), 3], [1, 1, 10])
    np.testing.assert_array_equal(tf.convert_to_tensor(gradient)[:, 0], expected)
    assert set(gradient.indices.numpy().tolist()) == {*_rows(7), 3}


def test_each_function_fills_the_buckets_evenly() -> None:
    table, values = HashedRows(0, 1000, 4), np.arange(200_000)
    rows = [np.asarray(table.row(values, function)) for function in range(4)]
    for found in rows:
        counts = np.bincount(found, minlength=1001)[1:]
        # Of 200 a bucket, by chance, with a standard deviation of 14.
        assert counts.sum() == 200_000 and ((counts - 200) ** 2 / 200).sum() == pytest.approx(1000, abs=200)
    # Two functions agree by chance alone.
    assert np.mean(rows[0] == rows[1]) == pytest.approx(1 / 1000, abs=0.0005)


def test_keeps_the_habits_of_a_layer() -> None:
    ids = np.array([[1, 4, ROWS + 3], [ROWS + 8, 2, 0]])
    arguments = {"rows": ROWS, "dim": 3, "hashed": [[4, 7, 2]]}
    check_layer(FusedEmbedding, arguments, ids, (2, 3, 3), expected_trainable_count=1)
