"""A set of expert networks over the same input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfelc.layers.grouped_dense import GroupedDense
from tfelc.layers.sided_dense import SidedDense

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class Experts(keras.layers.Layer):
    """`num_experts` multi-layer perceptrons of the same shape, side by side (MMoE, Ma et al. 2018).

    Args:
        num_experts: int. Number of experts.
        units: Sequence of int. Widths of the layers of each expert.
        dropout: float. Dropout after every layer. Defaults to 0.

    Call arguments:
        sides: Sequence of float tensors, `(batch, width)` each; see `SidedDense`.
        broadcast: bool. Whether some sides are one row for all. Defaults to False.
        scales: Sequence of float tensors, one for each layer, `(batch, num_experts, units)` or one row for all: what
            its units are multiplied by. Defaults to none.

    Returns:
        Tensor of shape `(batch, num_experts, units[-1])`.

    Example:
        >>> experts = Experts(num_experts=4, units=(16, 8))
        >>> user, item = ops.ones((1, 3)), ops.ones((5, 2))
        >>> tuple(experts([user, item], broadcast=True).shape)
        (5, 4, 8)
    """

    def __init__(self, num_experts: int, units: Sequence[int], dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_experts = num_experts
        self.units = tuple(units)
        self.dropout = dropout

    def build(self, sides_shape: Sequence[Any]) -> None:
        """Makes the first layer over all the sides, and the others for each expert."""
        self.first = SidedDense(self.num_experts * self.units[0], "relu", dtype=self.dtype_policy, name="first")
        self.first.build(sides_shape)
        self.others = []
        width = self.units[0]
        for position, units in enumerate(self.units[1:]):
            layer = GroupedDense(units, "relu", dtype=self.dtype_policy, name=f"layer_{position + 1}")
            layer.build((None, self.num_experts, width))
            self.others.append(layer)
            width = units
        self.drop = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy)

    def call(
        self,
        sides: Sequence[Tensor],
        broadcast: bool = False,
        training: bool | None = None,
        scales: Sequence[Tensor] = (),
    ) -> Tensor:
        """Runs every expert."""
        hidden = ops.reshape(self.first(sides, broadcast=broadcast), (-1, self.num_experts, self.units[0]))
        hidden = self.drop(hidden * scales[0] if scales else hidden, training=training)
        for position, layer in enumerate(self.others, start=1):
            hidden = layer(hidden)
            hidden = self.drop(hidden * scales[position] if scales else hidden, training=training)
        return hidden

    def compute_output_shape(self, sides_shape: Sequence[Any]) -> Any:
        """One row for each expert."""
        return (sides_shape[0][0], self.num_experts, self.units[-1])

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "num_experts": self.num_experts, "units": self.units, "dropout": self.dropout}
