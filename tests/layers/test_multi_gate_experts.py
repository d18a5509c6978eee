from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.layers.layer_check import check_layer
from tfelc.layers.multi_gate_experts import MultiGateExperts


@pytest.fixture(autouse=True)
def _same_weights_each_time() -> None:
    keras.utils.set_random_seed(1)


@keras.saving.register_keras_serializable(package="tfelc_tests")
class _OneArgument(MultiGateExperts):
    """As the check wants it: one argument, the gates' inputs last in it."""

    def build(self, inputs_shape: Any) -> None:
        super().build(inputs_shape[:-1], inputs_shape[-1])

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        mixtures, gates = super().call(inputs[:-1], inputs[-1], training=training)
        return {"mixtures": mixtures, "gates": gates}

    def compute_output_shape(self, inputs_shape: Any) -> Any:
        mixtures, gates = super().compute_output_shape(inputs_shape[:-1], inputs_shape[-1])
        return {"mixtures": mixtures, "gates": gates}


def _normal(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype("float32")


def _built(layer: MultiGateExperts, width: int, gate_width: int) -> MultiGateExperts:
    layer.build([(None, width)], (None, gate_width))
    return layer


@pytest.mark.parametrize(("per_task", "levels", "weights"), [(0, 1, 6), (1, 2, 10)])
def test_keeps_the_habits_of_a_layer(per_task: int, levels: int, weights: int) -> None:
    experts = 2 + 2 * per_task
    check_layer(
        _OneArgument,
        {
            "num_tasks": 2,
            "num_shared_experts": 2,
            "units": (8, 4),
            "num_task_experts": per_task,
            "num_levels": levels,
            "dropout": 0.0,
        },
        [_normal(12, 3), _normal(12, 2), _normal(12, 4)],
        {"mixtures": (12, 2, 4), "gates": (12, 2, experts)},
        expected_trainable_count=weights,
        expected_mixed_dtype=None,
    )


def test_mixture_by_hand() -> None:
    layer = _built(MultiGateExperts(num_tasks=2, num_shared_experts=2, units=(1,)), 2, 1)
    # Ones for the first expert, tens for the second; the first task's gates 1 : 3, the second's 1 : 1.
    layer.experts.first.kernel.assign([[1, 10], [1, 10]])
    layer.gates[0].kernel.assign([[0, 1, 0, 0]])
    mixtures, gates = layer([np.array([[2.0, 3], [0, -4]], "float32")], np.full((2, 1), np.log(3), "float32"))
    np.testing.assert_allclose(gates, [[[0.25, 0.75], [0.5, 0.5]]] * 2, rtol=1e-6)
    np.testing.assert_allclose(mixtures, [[[0.25 * 5 + 0.75 * 50], [27.5]], [[0], [0]]], rtol=1e-6)


def test_a_shared_bottom_is_the_one_expert_for_every_task() -> None:
    layer = MultiGateExperts(num_tasks=3, num_shared_experts=1, units=(4, 2))
    sides = [_normal(5, 3)]
    mixtures, gates = layer(sides, _normal(5, 2))
    np.testing.assert_array_equal(gates, np.ones((5, 3, 1)))
    np.testing.assert_array_equal(mixtures, np.repeat(layer.experts(sides), 3, axis=1))
    assert len(layer.trainable_weights) == 4, "gates that could never matter"


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_the_experts_of_other_tasks_are_shut_out(levels: int) -> None:
    layer = MultiGateExperts(num_tasks=3, num_shared_experts=2, units=(4,), num_task_experts=2, num_levels=levels)
    sides, gate_inputs = [_normal(6, 3)], 20 * _normal(6, 2)
    _, gates = layer(sides, gate_inputs)
    gates = np.array(gates)
    np.testing.assert_allclose(gates.sum(axis=-1), 1, rtol=1e-6)
    owner = np.array([-1, -1, 0, 0, 1, 1, 2, 2])
    for task in range(3):
        closed = (owner >= 0) & (owner != task)
        np.testing.assert_array_equal(gates[:, task, closed], 0)
        assert np.all(gates[:, task, ~closed].max(axis=0) > 0)


def test_with_one_level_no_gradient_reaches_the_experts_of_other_tasks() -> None:
    layer = MultiGateExperts(num_tasks=2, num_shared_experts=1, units=(3,), num_task_experts=1)
    sides, gate_inputs = [_normal(20, 4)], _normal(20, 2)
    layer(sides, gate_inputs)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(sides, gate_inputs)[0][:, 1] ** 2)
    kernel, gate = tape.gradient(total, [layer.experts.first.kernel.value, layer.gates[0].kernel.value])
    by_expert = np.abs(kernel).reshape(4, 3, 3).sum(axis=(0, 2))
    assert by_expert[1] == 0 and by_expert[0] > 0 and by_expert[2] > 0
    by_gate = np.abs(gate).reshape(2, 2, 3).sum(axis=0)
    np.testing.assert_array_equal(by_gate == 0, [[True] * 3, [False, True, False]])


def test_two_levels_by_hand() -> None:
    layer = _built(
        MultiGateExperts(num_tasks=2, num_shared_experts=1, units=(1,), num_task_experts=1, num_levels=2), 1, 1
    )
    # Experts: shared, of task 0, of task 1. They give 1, 2 and 6 times the input; all gates are even.
    layer.experts.first.kernel.assign([[1, 2, 6]])
    for gate in layer.gates:
        gate.kernel.assign(np.zeros(gate.kernel.shape))
    layer.upper[0].kernel.assign([[[1]], [[10]], [[100]]])
    mixtures, gates = layer([np.ones((1, 1), "float32")], np.ones((1, 1), "float32"))
    # First level: task 0 (1 + 2) / 2, task 1 (1 + 6) / 2, and all three, 3, for the next level's shared expert.
    # Second level: the experts give 3, 15 and 350.
    np.testing.assert_allclose(mixtures, [[[9], [176.5]]], rtol=1e-6)
    np.testing.assert_allclose(gates, [[[0.5, 0.5, 0], [0.5, 0, 0.5]]], rtol=1e-6)


@pytest.mark.parametrize(("per_task", "levels"), [(0, 1), (1, 1), (1, 3)])
def test_one_row_for_all_is_that_row_repeated(per_task: int, levels: int) -> None:
    layer = MultiGateExperts(
        num_tasks=2, num_shared_experts=2, units=(5, 3), num_task_experts=per_task, num_levels=levels
    )
    user, items, gate_inputs = _normal(1, 3), _normal(4, 2), _normal(1, 6)
    expected, expected_gates = layer([np.repeat(user, 4, axis=0), items], np.repeat(gate_inputs, 4, axis=0))
    mixtures, gates = layer([user, items], gate_inputs, broadcast=True)
    np.testing.assert_allclose(mixtures, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.broadcast_to(gates, expected_gates.shape), expected_gates, rtol=1e-5)


def test_gates_are_float32_in_mixed_precision() -> None:
    layer = MultiGateExperts(num_tasks=2, num_shared_experts=2, units=(4,), dtype="mixed_bfloat16")
    mixtures, gates = layer([_normal(3, 2)], _normal(3, 2))
    assert (gates.dtype, mixtures.dtype) == (tf.float32, tf.bfloat16)
    np.testing.assert_allclose(np.array(gates).sum(axis=-1), 1, rtol=1e-6)
