"""Experts that the tasks share, and a gate for each task that mixes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from tfelc.layers.experts import Experts
from tfelc.layers.grouped_dense import GroupedDense

Tensor = Any
_CLOSED = -1e9


@keras.saving.register_keras_serializable(package="tfelc")
class MultiGateExperts(keras.layers.Layer):
    """Mixes experts for each task: MMoE, and with experts of the tasks' own PLE; one shared expert is a shared bottom.

    `mixture[t] = sum_e softmax(gate_inputs @ W_t)[e] * expert_e(sides)`, the sum over the experts open to task t: the
    shared ones and its own (MMoE, Ma et al. 2018; PLE, Tang et al. 2020). As in the paper's deployment (section 5) the
    gates see inputs of their own, the users' activities and clusters, at every level.

    Args:
        num_tasks: int. Number of tasks.
        num_shared_experts: int. Experts open to all tasks.
        units: Sequence of int. Widths of the layers of each expert.
        num_task_experts: int. Experts of each task alone. Defaults to 0.
        num_levels: int. Extraction levels (PLE); at each further one, every expert is one layer of `units[-1]`.
            Defaults to 1.
        dropout: float. Dropout inside the experts. Defaults to 0.

    Call arguments:
        sides: Sequence of float tensors, `(batch, width)` each; see `SidedDense`.
        gate_inputs: Float tensor of shape `(batch, gate width)`, or one row with `broadcast`.
        broadcast: bool. Whether some inputs are one row for all. Defaults to False.
        scales: Sequence of float tensors. Factors of the first level's experts; see `Experts`. Defaults to none.

    Returns:
        Tuple of the mixtures, `(batch, num_tasks, units[-1])`, and the last level's gates, float32 of shape
        `(batch, num_tasks, num_experts)`, which sum to 1.

    Example:
        >>> layer = MultiGateExperts(num_tasks=2, num_shared_experts=3, units=(8, 4), num_task_experts=1)
        >>> mixtures, gates = layer([ops.ones((6, 5)), ops.ones((6, 2))], ops.ones((6, 7)))
        >>> tuple(mixtures.shape), tuple(gates.shape)
        ((6, 2, 4), (6, 2, 5))
        >>> gates[0, 0, 4].numpy().item()  # the expert of the other task
        0.0
    """

    def __init__(
        self,
        num_tasks: int,
        num_shared_experts: int,
        units: Sequence[int],
        num_task_experts: int = 0,
        num_levels: int = 1,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_tasks = num_tasks
        self.num_shared_experts = num_shared_experts
        self.units = tuple(units)
        self.num_task_experts = num_task_experts
        self.num_levels = num_levels
        self.dropout = dropout
        self.num_experts = num_shared_experts + num_tasks * num_task_experts
        # The experts in order: the shared ones, then each task's. Stream `num_tasks`, after the tasks' own, goes into
        # the next level's shared experts; all experts are open to it.
        owner = np.concatenate(
            [np.full(num_shared_experts, num_tasks), np.repeat(np.arange(num_tasks), num_task_experts)]
        )
        self._owner = owner
        self._closed = np.stack([(owner != task) & (owner != num_tasks) for task in range(num_tasks)] + [owner < 0])

    @property
    def shared_variables(self) -> list[keras.Variable]:
        """The weights that every task trains: those of the first level's experts."""
        return self.experts.trainable_variables

    @property
    def scale_shapes(self) -> list[tuple[int, int]]:
        """Experts and units of each layer that `scales` can scale."""
        return [(self.num_experts, units) for units in self.units]

    def build(self, sides_shape: Sequence[Any], gate_inputs_shape: Any) -> None:
        """Makes the experts and gates of every level."""
        self.experts = Experts(self.num_experts, self.units, self.dropout, dtype=self.dtype_policy, name="experts")
        self.experts.build(sides_shape)
        self.gates = []
        self.upper = []
        for level in range(self.num_levels if self.num_experts > 1 else 0):  # A single expert needs no gate.
            # The softmax and its logits stay in float32: half the width cannot tell near gates apart.
            gate = keras.layers.Dense(self._streams(level) * self.num_experts, dtype="float32", name=f"gates_{level}")
            gate.build(gate_inputs_shape)
            self.gates.append(gate)
            if level:
                layer = GroupedDense(self.units[-1], "relu", dtype=self.dtype_policy, name=f"experts_{level}")
                layer.build((None, self.num_experts, self.units[-1]))
                self.upper.append(layer)

    def call(
        self,
        sides: Sequence[Tensor],
        gate_inputs: Tensor,
        broadcast: bool = False,
        training: bool | None = None,
        scales: Sequence[Tensor] = (),
    ) -> tuple[Tensor, Tensor]:
        """Runs the experts and mixes them."""
        hidden = self.experts(sides, broadcast=broadcast, training=training, scales=scales)
        mixtures, gates = self._mix(0, hidden, gate_inputs)
        for level, layer in enumerate(self.upper, start=1):
            hidden = layer(ops.take(mixtures, self._owner, axis=1))
            mixtures, gates = self._mix(level, hidden, gate_inputs)
        return mixtures, gates

    def _mix(self, level: int, hidden: Tensor, gate_inputs: Tensor) -> tuple[Tensor, Tensor]:
        gates = self._open_gates(level, gate_inputs)
        return ops.matmul(ops.cast(gates, hidden.dtype), hidden), gates

    def _open_gates(self, level: int, gate_inputs: Tensor) -> Tensor:
        if self.num_experts == 1:
            return ops.ones((ops.shape(gate_inputs)[0], self._streams(level), 1))
        logits = ops.reshape(self.gates[level](gate_inputs), (-1, self._streams(level), self.num_experts))
        closed = self._closed[: self._streams(level)]
        if closed.any():
            logits = ops.where(closed[None], _CLOSED, logits)
        return ops.softmax(logits, axis=-1)

    def _streams(self, level: int) -> int:
        return self.num_tasks if level == self.num_levels - 1 else self.num_tasks + 1

    def compute_output_shape(self, sides_shape: Sequence[Any], gate_inputs_shape: Any) -> Any:
        """Shapes of the mixtures and of the gates."""
        batch = sides_shape[0][0]
        return (batch, self.num_tasks, self.units[-1]), (batch, self.num_tasks, self.num_experts)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        names = ("num_tasks", "num_shared_experts", "units", "num_task_experts", "num_levels", "dropout")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
