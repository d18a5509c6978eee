"""Dense layers side by side, one for each group."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class GroupedDense(keras.layers.Layer):
    """`output[:, g] = activation(inputs[:, g] @ kernel[g] + bias[g])`.

    Each group is a plain matrix product: on a CPU that takes half the time of one batched product over the groups.

    Args:
        units: int. Width of each group's output.
        activation: str or None. Keras's name of the activation. Defaults to None: linear.

    Call arguments:
        inputs: Float tensor of shape `(batch, groups, width)`.

    Returns:
        Tensor of shape `(batch, groups, units)`.

    Example:
        >>> layer = GroupedDense(units=1)
        >>> layer.build((None, 2, 3))
        >>> _ = layer.kernel.assign([[[1.0], [1.0], [1.0]], [[1.0], [0.0], [-1.0]]])
        >>> layer(ops.convert_to_tensor([[[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]])).numpy().tolist()
        [[[6.0], [-2.0]]]
    """

    def __init__(self, units: int, activation: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: Any) -> None:
        """Makes one kernel per group, each with the fan-in of its own group."""
        _, groups, width = input_shape
        # Glorot over the 3-D weight would count the groups as a receptive field and begin far too small.
        limit = (6.0 / (width + self.units)) ** 0.5
        self.kernel = self.add_weight(
            name="kernel",
            shape=(groups, width, self.units),
            initializer=keras.initializers.RandomUniform(-limit, limit),
        )
        self.bias = self.add_weight(name="bias", shape=(groups, self.units), initializer="zeros")

    def call(self, inputs: Tensor) -> Tensor:
        """Applies every group's layer to its own slice."""
        groups, width, _ = self.kernel.shape
        # Reshaping costs nothing here, unlike a slice of the middle axis; and TensorFlow fuses `ops.add` with the
        # product, but not `+`.
        parts = zip(
            ops.split(ops.reshape(inputs, (-1, groups * width)), groups, axis=-1),
            ops.unstack(ops.convert_to_tensor(self.kernel), groups),
            ops.unstack(ops.convert_to_tensor(self.bias), groups),
            strict=True,
        )
        outputs = [self.activation(ops.add(ops.matmul(x, kernel), bias)) for x, kernel, bias in parts]
        return ops.reshape(ops.concatenate(outputs, axis=-1), (-1, groups, self.units))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Replaces the width."""
        return (*input_shape[:2], self.units)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation}
