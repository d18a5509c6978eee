from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tests.layers.layer_check import check_layer
from tfelc.layers.task_chain_experts import TaskChainExperts


def _normal(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype("float32")


@keras.saving.register_keras_serializable(package="tfelc_tests")
class _ChainOfOneArgument(TaskChainExperts):
    """As the check wants it: one argument, and no gate inputs."""

    def build(self, sides_shape: Any) -> None:
        super().build(sides_shape)

    def call(self, sides: Any, training: bool | None = None) -> Any:
        return dict(zip(("mixtures", "weights"), super().call(sides, None, training=training), strict=True))

    def compute_output_shape(self, sides_shape: Any) -> Any:
        return dict(zip(("mixtures", "weights"), super().compute_output_shape(sides_shape), strict=True))


def test_keeps_the_habits_of_a_layer() -> None:
    keras.utils.set_random_seed(1)
    kwargs = {"num_tasks": 3, "units": (8, 4), "dropout": 0.0}
    shapes = {"mixtures": (12, 3, 4), "weights": (12, 3, 3)}
    check_layer(_ChainOfOneArgument, kwargs, [_normal(12, 3), _normal(12, 2)], shapes, 12, expected_mixed_dtype=None)


def test_a_chain_by_hand() -> None:
    layer = TaskChainExperts(num_tasks=3, units=(1,))
    layer.build([(None, 1)])
    layer.experts.first.kernel.assign([[1, 2, 4]])
    for transfer in layer.transfers:
        transfer.handed_on.kernel.assign([[3.0]])
        transfer.projections.kernel.assign([[0.0, 0.0, 1.0]])  # Even weights; the values are what goes in.
    mixtures, weights = layer([np.ones((2, 1), "float32")], None)
    # z0 = 1; z1 = (3 * 1 + 2) / 2 = 2.5; z2 = (3 * 2.5 + 4) / 2 = 5.75.
    np.testing.assert_allclose(mixtures, [[[1], [2.5], [5.75]]] * 2, rtol=1e-6)
    np.testing.assert_allclose(weights, [[[1, 0, 0], [0.5, 0.5, 0], [0, 0.5, 0.5]]] * 2, rtol=1e-6)


def test_a_later_task_trains_the_networks_before_it_and_none_behind() -> None:
    keras.utils.set_random_seed(2)
    layer = TaskChainExperts(num_tasks=3, units=(3,))
    sides = [_normal(20, 4)]
    layer(sides, None)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(sides, None)[0][:, 1] ** 2)
    by_task = np.abs(tape.gradient(total, layer.experts.first.kernel.value)).reshape(4, 3, 3).sum(axis=(0, 2))
    assert by_task[0] > 0 and by_task[1] > 0 and by_task[2] == 0
