"""Embeddings of items out of their attributes, by hand and in the encoder."""

import keras
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tfelc.layers.item_features import ItemFeatures
from tfelc.layers.sequence_encoder import SequenceEncoder


def made(codes, numbers, seen, dim=2):
    layer = ItemFeatures(dim)
    layer.set_features({"color": np.array(codes)}, {"color": 2}, np.array(numbers, np.float32), np.array(seen))
    return layer


def test_sums_by_hand():
    layer = made([0, 1, 2], [[0.0, 0.0], [2.0, 1.0], [-1.0, 3.0]], [True, True, False])
    layer.tables[0].assign([[0.0, 0.0], [10.0, 20.0], [30.0, 40.0]])
    layer.kernel.assign([[1.0, 2.0], [0.5, 0.0]])
    ids = np.array([[1.0, 1.0], [2.0, 3.0], [7.0, 7.0]], np.float32)
    # (1,1); (2,3) + (10,20) + 2 (1,2) + 1 (.5,0); what has not been seen has no id: (30,40) - (1,2) + 3 (.5,0).
    np.testing.assert_allclose(layer(ids), [[1, 1], [14.5, 27], [30.5, 38]])
    assert [weight.path.split("/")[-1] for weight in layer.trainable_variables] == ["color_table", "kernel"]
    assert len(layer.non_trainable_variables) == 3


def test_the_encoder_reads_and_scores_what_items_are_made_of():
    encoder = SequenceEncoder(2, 4, dim=2, num_layers=1, num_heads=1, has_item_features=True)
    encoder.build((None, None))
    encoder.item_features.set_features({"c": np.array([0, 1, 1, 0])}, {"c": 1}, np.zeros((4, 0)), np.ones(4, bool))
    encoder.item_features.tables[0].assign([[0.0, 0.0], [1.0, -1.0]])
    encoder.item_table.assign([[0, 0], [1, 0], [0, 1], [5, 5]])
    np.testing.assert_allclose(encoder.candidates, [[0, 0], [2, -1], [1, 0]])
    plain = SequenceEncoder(2, 4, dim=2, num_layers=1, num_heads=1)
    plain.build((None, None))
    for mine, other in zip(
        plain.variables, [v for v in encoder.variables if "item_features" not in v.path], strict=True
    ):
        mine.assign(other)
    plain.item_table.assign([[0, 0], [2, -1], [1, 0], [5, 5]])
    items = np.array([[0, 1, 2]], np.int32)
    np.testing.assert_allclose(encoder(items), plain(items), atol=1e-6)
    assert keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(encoder)).has_item_features


@given(st.integers(0, 10**6), st.lists(st.floats(-5, 5, width=32), min_size=2, max_size=2))
def test_an_item_that_nobody_took_is_its_attributes_alone(seed, numbers):
    random = np.random.default_rng(seed)
    layer = made([1, 2, 2], [numbers] * 3, [True, False, False])
    first, second = (np.asarray(layer(random.normal(size=(3, 2)).astype(np.float32))) for _ in range(2))
    np.testing.assert_array_equal(first[1:], second[1:])
    np.testing.assert_array_equal(first[1], first[2])
    assert not np.array_equal(first[0], second[0])
