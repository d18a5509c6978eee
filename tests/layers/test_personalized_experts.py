from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tests.layers.layer_check import check_layer
from tfelc.layers.personalized_experts import PersonalizedExperts


def _normal(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype("float32")


@keras.saving.register_keras_serializable(package="tfelc_tests")
class _PersonalizedOfOneArgument(PersonalizedExperts):
    """As the check wants it: one argument, the gates' inputs last in it."""

    def build(self, inputs_shape: Any) -> None:
        super().build(inputs_shape[:-1], inputs_shape[-1])

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return dict(zip(("outputs", "ones"), super().call(inputs[:-1], inputs[-1], training=training), strict=True))

    def compute_output_shape(self, inputs_shape: Any) -> Any:
        shapes = super().compute_output_shape(inputs_shape[:-1], inputs_shape[-1])
        return dict(zip(("outputs", "ones"), shapes, strict=True))


def test_keeps_the_habits_of_a_layer() -> None:
    keras.utils.set_random_seed(1)
    check_layer(
        _PersonalizedOfOneArgument,
        {"num_tasks": 2, "units": (8, 4), "hidden": 3, "dropout": 0.0},
        [_normal(12, 3), _normal(12, 2), _normal(12, 4)],
        {"outputs": (12, 2, 4), "ones": (12, 2, 1)},
        expected_trainable_count=4 + 3 * 4,
        expected_mixed_dtype=None,
        every_weight_learns=False,
    )


def test_by_hand() -> None:
    layer = PersonalizedExperts(num_tasks=2, units=(1,), hidden=1)
    layer.build([(None, 1), (None, 1)], (None, 1))
    layer.experts.first.kernel.assign([[1, 10], [1, 10]])
    # The first feature is scaled by 1.5, the second by 1; the second task's unit by 0.5.
    layer.input_scale.last.bias.assign([np.log(3), 0])
    layer.scales[0].last.bias.assign([0, -np.log(3)])
    sides = [np.array([[2.0]], "float32"), np.array([[1.0]], "float32")]
    outputs, ones = layer(sides, np.ones((1, 1), "float32"))
    np.testing.assert_allclose(outputs, [[[3 + 1], [40 * 0.5]]], rtol=1e-6)
    np.testing.assert_array_equal(ones, np.ones((1, 2, 1)))


def test_no_gradient_reaches_the_features_through_the_scales() -> None:
    layer = PersonalizedExperts(num_tasks=2, units=(3,), hidden=3)
    side, gate_inputs = tf.constant(_normal(5, 4)), _normal(5, 2)
    layer([side], gate_inputs)
    for scale in (layer.input_scale, *layer.scales):
        scale.last.kernel.assign(_normal(*scale.last.kernel.shape))
    layer.experts.first.kernel.assign(np.zeros(layer.experts.first.kernel.shape))
    layer.experts.first.bias.assign(np.ones(6))
    with tf.GradientTape() as tape:
        tape.watch(side)
        # With no weight on the features all that they could do is scale the units.
        total = tf.reduce_sum(layer([side], gate_inputs)[0])
    assert not np.any(tape.gradient(total, side))
