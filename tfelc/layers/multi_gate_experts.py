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
        tasks: int. Number of tasks.
        shared: int. Experts open to all tasks.
        units: Sequence of int. Widths of the layers of each expert.
        per_task: int. Experts of each task alone. Defaults to 0.
        levels: int. Extraction levels (PLE); at each further one, every expert is one layer of `units[-1]`. Defaults to
            1.
        dropout: float. Inside the experts. Defaults to 0.

    Call arguments:
        sides: Sequence of float tensors, `(batch, width)` each; see `SidedDense`.
        gate_inputs: Float tensor of shape `(batch, gate width)`, or one row with `broadcast`.
        broadcast: bool. Whether some inputs are one row for all. Defaults to False.

    Returns:
        Tuple of the mixtures, `(batch, tasks, units[-1])`, and the last level's gates, float32 of shape
        `(batch, tasks, shared + tasks * per_task)`, which sum to 1.
    """

    def __init__(
        self,
        tasks: int,
        shared: int,
        units: Sequence[int],
        per_task: int = 0,
        levels: int = 1,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tasks = tasks
        self.shared = shared
        self.units = tuple(units)
        self.per_task = per_task
        self.levels = levels
        self.dropout = dropout
        self.count = shared + tasks * per_task
        # The experts in order: the shared ones, then each task's. Stream `tasks`, after the tasks' own, feeds the next
        # level's shared experts; all experts are open to it.
        owner = np.concatenate([np.full(shared, tasks), np.repeat(np.arange(tasks), per_task)])
        self._owner = owner
        self._closed = np.stack([(owner != task) & (owner != tasks) for task in range(tasks)] + [owner < 0])

    def build(self, sides_shape: Sequence[Any], gate_inputs_shape: Any) -> None:
        """Makes the experts and gates of every level."""
        self.experts = Experts(self.count, self.units, self.dropout, dtype=self.dtype_policy, name="experts")
        self.experts.build(sides_shape)
        self.gates = []
        self.upper = []
        for level in range(self.levels if self.count > 1 else 0):  # A single expert needs no gate.
            # The softmax and its logits stay in float32: half the width cannot tell near gates apart.
            gate = keras.layers.Dense(self._streams(level) * self.count, dtype="float32", name=f"gates_{level}")
            gate.build(gate_inputs_shape)
            self.gates.append(gate)
            if level:
                layer = GroupedDense(self.units[-1], "relu", dtype=self.dtype_policy, name=f"experts_{level}")
                layer.build((None, self.count, self.units[-1]))
                self.upper.append(layer)

    def call(
        self,
        sides: Sequence[Tensor],
        gate_inputs: Tensor,
        broadcast: bool = False,
        training: bool | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Runs the experts and mixes them."""
        hidden = self.experts(sides, broadcast=broadcast, training=training)
        mixtures, gates = self._mix(0, hidden, gate_inputs)
        for level, layer in enumerate(self.upper, start=1):
            hidden = layer(ops.take(mixtures, self._owner, axis=1))
            mixtures, gates = self._mix(level, hidden, gate_inputs)
        return mixtures, gates

    def _mix(self, level: int, hidden: Tensor, gate_inputs: Tensor) -> tuple[Tensor, Tensor]:
        gates = self._open_gates(level, gate_inputs)
        return ops.matmul(ops.cast(gates, hidden.dtype), hidden), gates

    def _open_gates(self, level: int, gate_inputs: Tensor) -> Tensor:
        if self.count == 1:
            return ops.ones((ops.shape(gate_inputs)[0], self._streams(level), 1))
        logits = ops.reshape(self.gates[level](gate_inputs), (-1, self._streams(level), self.count))
        closed = self._closed[: self._streams(level)]
        if closed.any():
            logits = ops.where(closed[None], _CLOSED, logits)
        return ops.softmax(logits, axis=-1)

    def _streams(self, level: int) -> int:
        return self.tasks if level == self.levels - 1 else self.tasks + 1

    def compute_output_shape(self, sides_shape: Sequence[Any], gate_inputs_shape: Any) -> Any:
        """Shapes of the mixtures and of the gates."""
        batch = sides_shape[0][0]
        return (batch, self.tasks, self.units[-1]), (batch, self.tasks, self.count)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        names = ("tasks", "shared", "units", "per_task", "levels", "dropout")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
