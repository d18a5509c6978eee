from typing import Any

import keras
import numpy as np
import pytest

from tests.layers.layer_check import check_layer
from tfelc.layers.grouped_dense import GroupedDense


@pytest.fixture(autouse=True)
def _same_weights_each_time() -> None:
    keras.utils.set_random_seed(1)


def _inputs(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def test_keeps_the_habits_of_a_layer() -> None:
    kwargs = {"units": 4, "activation": "relu"}
    check_layer(GroupedDense, kwargs, _inputs(9, 3, 2), (9, 3, 4), expected_trainable_count=2)


@pytest.mark.parametrize("activation", [None, "relu"])
def test_is_a_loop_over_the_groups(activation: str | None) -> None:
    inputs = _inputs(6, 3, 4)
    layer = GroupedDense(5, activation)
    layer(inputs)
    layer.bias.assign(_inputs(*layer.bias.shape))
    outputs = layer(inputs)
    assert outputs.shape == layer.compute_output_shape(inputs.shape) == (6, 3, 5)
    for group in range(3):
        one = keras.layers.Dense(5, activation)
        one.build((None, 4))
        one.set_weights([layer.kernel[group], np.reshape(layer.bias[group], 5)])
        np.testing.assert_allclose(outputs[:, group], one(inputs[:, group]), rtol=1e-5, atol=1e-6)


def test_each_group_starts_as_a_dense_layer_of_its_own() -> None:
    layer = GroupedDense(60)
    layer.build((None, 20, 40))
    # Glorot's uniform: variance 2 / (fan in + fan out).
    for group in range(20):
        assert np.var(layer.kernel[group]) == pytest.approx(2 / 100, rel=0.1)
