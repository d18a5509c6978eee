from typing import Any

import numpy as np

from tests.layers.layer_check import check_layer
from tfelc.layers.personal_scale import PersonalScale


def _sides(*shapes: tuple[int, int]) -> list[Any]:
    random = np.random.default_rng(0)
    return [random.normal(size=shape).astype("float32") for shape in shapes]


def test_keeps_the_habits_of_a_layer() -> None:
    # The first layer has no gradient until the last one, which is 0 at first, has moved.
    check_layer(
        PersonalScale,
        {"groups": 2, "units": 3, "hidden": 4},
        _sides((8, 2), (8, 4)),
        (8, 2, 3),
        expected_trainable_count=4,
        every_weight_learns=False,
    )


def test_by_hand() -> None:
    layer = PersonalScale(groups=2, units=1, hidden=1)
    layer.build([(None, 1), (None, 1)])
    layer.first.kernel.assign([[1.0], [2.0]])
    layer.last.kernel.assign([[np.log(3.0), 0.0]])
    layer.last.bias.assign([0.0, -200.0])
    user, items = np.ones((1, 1), "float32"), np.array([[0.0], [-1.0]], "float32")
    # relu(1 + 0) = 1: twice 3 / (3 + 1); relu(1 - 2) = 0: twice a half.
    np.testing.assert_allclose(layer([user, items], broadcast=True), [[[1.5], [0]], [[1], [0]]], rtol=1e-6)
