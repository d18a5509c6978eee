from typing import Any

import keras
import numpy as np
import pytest

from tests.layers.layer_check import check_layer
from tfelc.layers.cross_network import CrossNetwork


@pytest.fixture(autouse=True)
def _same_weights_each_time() -> None:
    keras.utils.set_random_seed(1)


def _sides(*shapes: tuple[int, int]) -> list[Any]:
    random = np.random.default_rng(0)
    return [random.normal(size=shape).astype("float32") for shape in shapes]


def test_keeps_the_habits_of_a_layer() -> None:
    kwargs = {"layers": 2, "rank": 3}
    check_layer(CrossNetwork, kwargs, _sides((8, 2), (8, 4)), (8, 6), expected_trainable_count=6)


def test_two_layers_by_hand() -> None:
    layer = CrossNetwork(layers=2, rank=1)
    layer.build([(None, 1), (None, 1)])
    for down, up in zip(layer.down, layer.up, strict=True):
        down.kernel.assign([[1.0], [1.0]])
        up.kernel.assign([[1.0, 2.0]])
        up.bias.assign([0.0, 1.0])
    sides = [np.array([[2.0]], "float32"), np.array([[3.0]], "float32")]
    # First: V x = 5, U = (5, 11), x0 * that = (10, 33), + x = (12, 36).
    # Second: V x = 48, U = (48, 97), x0 * that = (96, 291), + x = (108, 327).
    np.testing.assert_allclose(layer(sides), [[108.0, 327.0]])
    np.testing.assert_allclose(layer(sides, broadcast=True), [[108.0, 327.0]])


def test_one_row_for_all_is_that_row_repeated() -> None:
    user, items = _sides((1, 3), (6, 2))
    layer = CrossNetwork(layers=3, rank=2)
    expected = layer([np.repeat(user, 6, axis=0), items])
    np.testing.assert_allclose(layer([user, items], broadcast=True), expected, rtol=1e-5, atol=1e-6)
