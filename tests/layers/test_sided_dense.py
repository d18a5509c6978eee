from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.layers.layer_check import check_layer
from tfelc.layers.sided_dense import SidedDense


@pytest.fixture(autouse=True)
def _same_weights_each_time() -> None:
    keras.utils.set_random_seed(1)


def _sides(*shapes: tuple[int, int]) -> list[Any]:
    random = np.random.default_rng(0)
    return [random.normal(size=shape).astype("float32") for shape in shapes]


def test_keeps_the_habits_of_a_layer() -> None:
    check_layer(
        SidedDense, {"units": 3, "activation": "relu"}, _sides((8, 2), (8, 4)), (8, 3), expected_trainable_count=2
    )


def test_by_hand() -> None:
    layer = SidedDense(2, "relu")
    layer.build([(None, 1), (None, 2)])
    layer.kernel.assign([[1, 0], [2, -1], [3, 0]])
    layer.bias.assign([0.5, 0])
    sides = [np.array([[1.0], [10]], "float32"), np.array([[1.0, 1], [0, -1]], "float32")]
    # 1 + 2 + 3 + 0.5 and -1; 10 - 3 + 0.5 and 0.
    for broadcast in (False, True):
        np.testing.assert_allclose(layer(sides, broadcast=broadcast), [[6.5, 0], [7.5, 0]])


@pytest.mark.parametrize("alone", [0, 1, 2])
def test_one_row_for_all_is_that_row_repeated(alone: int) -> None:
    sides = _sides((7, 3), (7, 1), (7, 5))
    sides[alone] = sides[alone][:1]
    layer = SidedDense(4, "tanh")
    repeated = [np.repeat(side, 7, axis=0) if position == alone else side for position, side in enumerate(sides)]
    expected = layer(repeated)
    np.testing.assert_allclose(layer(sides, broadcast=True), expected, rtol=1e-5, atol=1e-6)


def test_both_ways_have_the_same_gradient() -> None:
    layer = SidedDense(4, "tanh")
    sides = _sides((5, 3), (5, 2))
    layer(sides)
    gradients = []
    for broadcast in (False, True):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(layer(sides, broadcast=broadcast) ** 2)
        gradients.append(tape.gradient(total, [v.value for v in layer.trainable_variables]))
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
