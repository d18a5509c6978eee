"""A dense layer over the concatenation of several inputs, some of which may be one row for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class SidedDense(keras.layers.Layer):
    """`activation(concat(sides) @ kernel + bias)`.

    A side is what is known of one party of a row: the user, the activity, the item, or the context.

    With `broadcast` the kernel is cut at the sides' widths and each part multiplied by itself, which is the same sum.
    A side of one row (the user of a ranking request) is then computed once and added to every row of the others.

    Args:
        units: int. Width of the output.
        activation: str or None. Keras's name of the activation. Defaults to None: linear.
        use_bias: bool. Whether there is a bias. Defaults to True.

    Call arguments:
        sides: Sequence of float tensors of shape `(batch, width)`, or `(1, width)` with `broadcast`.
        broadcast: bool. Whether the sides' batches may differ. Defaults to False.

    Returns:
        Tensor of shape `(batch, units)`.

    Example:
        >>> layer = SidedDense(units=1)
        >>> layer.build([(None, 2), (None, 1)])
        >>> _ = layer.kernel.assign([[1.0], [2.0], [3.0]])
        >>> user, items = ops.convert_to_tensor([[1.0, 1.0]]), ops.convert_to_tensor([[0.0], [10.0]])
        >>> layer([user, items], broadcast=True).numpy().tolist()
        [[3.0], [33.0]]
    """

    def __init__(self, units: int, activation: str | None = None, use_bias: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias

    def build(self, sides_shape: Sequence[Any]) -> None:
        """Makes one kernel for all the sides together."""
        self._widths = [shape[-1] for shape in sides_shape]
        self.kernel = self.add_weight(name="kernel", shape=(sum(self._widths), self.units))
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros") if self.use_bias else None

    def call(self, sides: Sequence[Tensor], broadcast: bool = False) -> Tensor:
        """Applies the layer."""
        if broadcast:
            offset = 0
            outputs: Any = self.bias if self.use_bias else 0.0
            for side, width in zip(sides, self._widths, strict=True):
                outputs = outputs + ops.matmul(side, self.kernel[offset : offset + width])
                offset += width
        else:
            outputs = ops.matmul(ops.concatenate(list(sides), axis=-1), self.kernel)
            if self.use_bias:
                # `ops.add` and not `+`, which TensorFlow cannot fuse with the product.
                outputs = ops.add(outputs, self.bias)
        return self.activation(outputs)

    def compute_output_shape(self, sides_shape: Sequence[Any]) -> Any:
        """One row of `units` for each row of the first side."""
        return (sides_shape[0][0], self.units)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation, "use_bias": self.use_bias}
