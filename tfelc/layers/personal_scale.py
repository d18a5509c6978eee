"""How much of each hidden unit a user gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfelc.layers.sided_dense import SidedDense

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class PersonalScale(keras.layers.Layer):
    """`2 sigmoid(W_2 relu(W_1 x + b_1) + b_2)`: a factor between 0 and 2 for each of `groups` times `units` values.

    `W_2` and `b_2` are 0 at first, so that every factor begins as 1 and changes nothing.

    Args:
        groups: int. Networks that are scaled, such as experts or towers.
        units: int. Width of what is scaled in each of them.
        hidden: int. Width of the layer inside. Defaults to 32.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        sides: Sequence of float tensors, `(batch, width)` each; see `SidedDense`.
        broadcast: bool. Whether some sides are one row for all. Defaults to False.

    Returns:
        Tensor of shape `(batch, groups, units)`.

    Example:
        >>> scale = PersonalScale(groups=2, units=3)
        >>> scale([ops.ones((1, 4))]).numpy().tolist()
        [[[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]]

    Source: the Gate NU of PEPNet (Chang et al., 2023, section 3.2, with its factor of 2); for speakers LHUC
    (Swietojanski and Renals, 2014).
    """

    def __init__(self, groups: int, units: int, hidden: int = 32, **kwargs: Any) -> None:
        """See the class."""
        super().__init__(**kwargs)
        self.groups = groups
        self.units = units
        self.hidden = hidden

    def build(self, sides_shape: Sequence[Any]) -> None:
        """Makes the two layers."""
        self.first = SidedDense(self.hidden, "relu", dtype=self.dtype_policy, name="first")
        self.first.build(sides_shape)
        self.last = keras.layers.Dense(
            self.groups * self.units, "sigmoid", kernel_initializer="zeros", dtype=self.dtype_policy, name="last"
        )
        self.last.build((None, self.hidden))

    def call(self, sides: Sequence[Tensor], broadcast: bool = False) -> Tensor:
        """The factors."""
        factors = 2.0 * self.last(self.first(sides, broadcast=broadcast))
        return ops.reshape(factors, (-1, self.groups, self.units))

    def compute_output_shape(self, sides_shape: Sequence[Any]) -> Any:
        """One factor for each unit of each group."""
        return (sides_shape[0][0], self.groups, self.units)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "groups": self.groups, "units": self.units, "hidden": self.hidden}
