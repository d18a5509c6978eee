import keras
import numpy as np

from tests.layers.layer_check import check_layer
from tfelc.layers.bias_tower import BIAS_UNITS, BiasTower


def test_keeps_the_habits_of_a_layer() -> None:
    inputs = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    # Behind weights of 0 the hidden layer does not move in the first step.
    check_layer(
        BiasTower, {"num_logits": 2}, inputs, (6, 2), 3, expected_mixed_dtype="float32", every_weight_learns=False
    )


def test_by_hand() -> None:
    tower = BiasTower(num_logits=2)
    tower.build((None, 1))
    kernel, only = np.zeros((1, BIAS_UNITS), "float32"), np.zeros((BIAS_UNITS, 2), "float32")
    kernel[0, :2], only[:2] = (np.arctanh(0.5), -100), [[1, 10], [100, 0]]
    tower.hidden.kernel.assign(kernel)
    tower.logits.kernel.assign(only)
    # Of 1 the first unit is 1/2 and the second -1; of 0 both are 0.
    found = tower(keras.ops.convert_to_tensor([[1.0], [0.0]])).numpy()
    np.testing.assert_allclose(found, [[-99.5, 5], [0, 0]], rtol=1e-6)
