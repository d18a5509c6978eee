"""Products of features, made layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfelc.layers.sided_dense import SidedDense

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class CrossNetwork(keras.layers.Layer):
    """`x_{l+1} = x_0 * (U_l V_l x_l + b_l) + x_l`: each layer raises the degree of the products by one.

    `x_0` is the concatenation of the sides. `V_l` leads into `rank` dimensions and `U_l` back, so that a layer costs
    `2 width rank` and not `width^2`. A side of one row (the user of a ranking request) goes through `V_0` once.

    Args:
        layers: int. Number of layers.
        rank: int. Width in between. Defaults to 32.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        sides: Sequence of float tensors, `(batch, width)` each; see `SidedDense`.
        broadcast: bool. Whether some sides are one row for all. Defaults to False.

    Returns:
        Tensor of shape `(batch, width)`, as wide as all sides together.

    Example:
        >>> crosses = CrossNetwork(layers=2, rank=4)
        >>> user, items = ops.ones((1, 3)), ops.ones((6, 5))
        >>> tuple(crosses([user, items], broadcast=True).shape)
        (6, 8)

    Source: DCN V2 (Wang et al., 2021), equations 1 and 2.
    """

    def __init__(self, layers: int, rank: int = 32, **kwargs: Any) -> None:
        """See the class."""
        super().__init__(**kwargs)
        self.layers = layers
        self.rank = rank

    def build(self, sides_shape: Sequence[Any]) -> None:
        """Makes both products of every layer."""
        width = sum(shape[-1] for shape in sides_shape)
        self.down: list[Any] = []
        self.up: list[Any] = []
        for layer in range(self.layers):
            down = SidedDense(self.rank, use_bias=False, dtype=self.dtype_policy, name=f"down_{layer}")
            down.build(sides_shape if layer == 0 else [(None, width)])
            up = keras.layers.Dense(width, dtype=self.dtype_policy, name=f"up_{layer}")
            up.build((None, self.rank))
            self.down.append(down)
            self.up.append(up)

    def call(self, sides: Sequence[Tensor], broadcast: bool = False) -> Tensor:
        """Crosses the sides."""
        together = list(sides)
        if broadcast:
            rows = sum(ops.zeros_like(side[:, :1]) for side in sides)
            together = [side + rows for side in sides]
        first = crossed = ops.concatenate(together, axis=-1)
        for layer, (down, up) in enumerate(zip(self.down, self.up, strict=True)):
            low = down([crossed]) if layer else down(sides, broadcast=broadcast)
            crossed = first * up(low) + crossed
        return crossed

    def compute_output_shape(self, sides_shape: Sequence[Any]) -> Any:
        """As wide as the sides together."""
        return (sides_shape[0][0], sum(shape[-1] for shape in sides_shape))

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "layers": self.layers, "rank": self.rank}
