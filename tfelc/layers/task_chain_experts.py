"""A network for each task, each handing on what it knows to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfelc.layers.experts import Experts
from tfelc.layers.information_transfer import InformationTransfer

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class TaskChainExperts(keras.layers.Layer):
    """`z_0 = expert_0(sides)`, and `z_t` mixes `expert_t(sides)` with what task `t - 1` hands on of `z_{t-1}`.

    The tasks form a chain in their order, such as click, then order: what is known of the frequent outcome helps with
    the rare one behind it.

    Args:
        num_tasks: int. Number of tasks.
        units: Sequence of int. Widths of the layers of each task's network.
        dropout: float. Dropout inside the networks. Defaults to 0.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        sides: Sequence of float tensors, `(batch, width)` each; see `SidedDense`.
        gate_inputs: Is not looked at.
        broadcast: bool. Whether some sides are one row for all. Defaults to False.
        scales: Sequence of float tensors. Factors of the networks' layers; see `Experts`. Defaults to none.

    Returns:
        Tuple of the mixtures, `(batch, num_tasks, units[-1])`, and the weights, float32 of shape `(batch, num_tasks,
        num_tasks)`: how much each task has of its own network and of the task before it.

    Example:
        >>> layer = TaskChainExperts(num_tasks=3, units=(8, 4))
        >>> mixtures, gates = layer([ops.ones((6, 5))], ops.ones((6, 2)))
        >>> tuple(mixtures.shape), gates[0, 0].numpy().tolist(), gates[0, 2, 0].numpy().item()
        ((6, 3, 4), [1.0, 0.0, 0.0], 0.0)

    Source: AITM (Xi et al., 2021), section 3, without the penalty that keeps a later probability below an earlier one:
    a task of this package that is conditioned on another has a probability given that one.
    """

    def __init__(self, num_tasks: int, units: Sequence[int], dropout: float = 0.0, **kwargs: Any) -> None:
        """See the class."""
        super().__init__(**kwargs)
        self.num_tasks = num_tasks
        self.units = tuple(units)
        self.dropout = dropout

    @property
    def shared_variables(self) -> list[keras.Variable]:
        """The first layer of all the networks: a later task trains those before it."""
        return self.experts.first.trainable_variables

    @property
    def scale_shapes(self) -> list[tuple[int, int]]:
        """Networks and units of each layer that `scales` can scale."""
        return [(self.num_tasks, units) for units in self.units]

    def build(self, sides_shape: Sequence[Any], gate_inputs_shape: Any = None) -> None:
        """Makes the networks, and what is between each two."""
        self.experts = Experts(self.num_tasks, self.units, self.dropout, dtype=self.dtype_policy, name="experts")
        self.experts.build(sides_shape)
        self.transfers = []
        for task in range(1, self.num_tasks):
            transfer = InformationTransfer(dtype=self.dtype_policy, name=f"transfer_{task}")
            transfer.build([(None, self.units[-1])] * 2)
            self.transfers.append(transfer)

    def call(
        self,
        sides: Sequence[Tensor],
        gate_inputs: Tensor,
        broadcast: bool = False,
        training: bool | None = None,
        scales: Sequence[Tensor] = (),
    ) -> tuple[Tensor, Tensor]:
        """Runs the chain."""
        own = ops.unstack(self.experts(sides, broadcast=broadcast, training=training, scales=scales), axis=1)
        mixtures, weights = [own[0]], [ops.ones_like(own[0][:, :1], dtype="float32") * self._place([1.0], 0)]
        for task, transfer in enumerate(self.transfers, start=1):
            mixture, weight = transfer([mixtures[-1], own[task]])
            mixtures.append(mixture)
            weights.append(ops.matmul(weight, self._place([[1.0, 0.0], [0.0, 1.0]], task - 1)))
        return ops.stack(mixtures, axis=1), ops.stack(weights, axis=1)

    def _place(self, rows: Any, first: int) -> Tensor:
        """Rows of weights, put where their tasks are."""
        found = ops.convert_to_tensor(rows, "float32")
        widths = [(0, 0)] * (len(found.shape) - 1) + [(first, self.num_tasks - first - found.shape[-1])]
        return ops.pad(found, widths)

    def compute_output_shape(self, sides_shape: Sequence[Any], gate_inputs_shape: Any = None) -> Any:
        """Shapes of the mixtures and of the weights."""
        batch = sides_shape[0][0]
        return (batch, self.num_tasks, self.units[-1]), (batch, self.num_tasks, self.num_tasks)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        names = ("num_tasks", "units", "dropout")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
