from typing import Any

import keras
import numpy as np
import pytest

from tests.layers.layer_check import check_layer
from tfelc.layers.experts import Experts


@pytest.fixture(autouse=True)
def _same_weights_each_time() -> None:
    keras.utils.set_random_seed(1)


def _sides(rows: int) -> list[Any]:
    random = np.random.default_rng(0)
    return [random.normal(size=(rows, width)).astype("float32") for width in (3, 2)]


def test_keeps_the_habits_of_a_layer() -> None:
    kwargs = {"num_experts": 3, "units": (8, 4), "dropout": 0.0}
    check_layer(Experts, kwargs, _sides(16), (16, 3, 4), expected_trainable_count=4)


def test_each_expert_is_a_network_of_its_own() -> None:
    sides = _sides(6)
    layer = Experts(3, (5, 4, 2))
    outputs = layer(sides)
    assert outputs.shape == layer.compute_output_shape([side.shape for side in sides]) == (6, 3, 2)
    for weight in layer.trainable_variables:
        if weight.path.endswith("bias"):
            weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    outputs = layer(sides)
    kernel, bias = (np.array(v) for v in (layer.first.kernel, layer.first.bias))
    for expert in range(3):
        own = slice(5 * expert, 5 * expert + 5)
        hidden = np.maximum(np.concatenate(sides, axis=1) @ kernel[:, own] + bias[own], 0)
        for other in layer.others:
            hidden = np.maximum(hidden @ np.array(other.kernel)[expert] + np.reshape(other.bias[expert], -1), 0)
        np.testing.assert_allclose(outputs[:, expert], hidden, rtol=1e-5, atol=1e-6)
        assert hidden.any()


def test_one_layer_and_one_row_for_all() -> None:
    one, many = (side[:rows] for side, rows in zip(_sides(4), (1, 4), strict=True))
    layer = Experts(2, (3,))
    expected = layer([np.repeat(one, 4, axis=0), many])
    np.testing.assert_allclose(layer([one, many], broadcast=True), expected, rtol=1e-5, atol=1e-6)


def test_dropout_acts_in_training_alone() -> None:
    layer = Experts(2, (40, 30), dropout=0.5)
    sides = _sides(20)
    layer(sides)
    layer.first.bias.assign(np.full(80, 10.0))
    layer.others[0].bias.assign(np.full(layer.others[0].bias.shape, 1000.0))
    calm = np.array(layer(sides))
    np.testing.assert_array_equal(layer(sides, training=False), calm)
    assert calm.min() > 0
    dropped = np.array(layer(sides, training=True)) == 0
    assert 0.4 < dropped.mean() < 0.6
