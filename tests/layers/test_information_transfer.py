from typing import Any

import keras
import numpy as np

from tests.layers.layer_check import check_layer
from tfelc.layers.information_transfer import InformationTransfer


@keras.saving.register_keras_serializable(package="tfelc_tests")
class _NamedTransfer(InformationTransfer):
    """As the check wants it: outputs by name."""

    def call(self, inputs: Any) -> Any:
        return dict(zip(("mixture", "weights"), super().call(inputs), strict=True))

    def compute_output_shape(self, inputs_shape: Any) -> Any:
        return dict(zip(("mixture", "weights"), super().compute_output_shape(inputs_shape), strict=True))


def test_keeps_the_habits_of_a_layer() -> None:
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(0)
    inputs = [random.normal(size=(12, 4)).astype("float32") for _ in range(2)]
    check_layer(_NamedTransfer, {}, inputs, {"mixture": (12, 4), "weights": (12, 2)}, 4, expected_mixed_dtype=None)


def test_by_hand() -> None:
    layer = InformationTransfer()
    layer.build([(None, 1), (None, 1)])
    layer.handed_on.kernel.assign([[2.0]])
    # Keys are the inputs, queries log 3 over them, values ten times them.
    layer.projections.kernel.assign([[0.0, 1.0, 10.0]])
    layer.projections.bias.assign([np.log(3), 0.0, 0.0])
    mixture, weights = layer([np.array([[1.0], [-1.0]], "float32"), np.array([[1.0], [0.0]], "float32")])
    # p = 2 and q = 1: scores 2 log 3 and log 3, so 9 : 3. Then p = relu(-2) = 0 and q = 0: even.
    np.testing.assert_allclose(weights, [[0.75, 0.25], [0.5, 0.5]], rtol=1e-6)
    np.testing.assert_allclose(mixture, [[0.75 * 20 + 0.25 * 10], [0]], rtol=1e-6)
