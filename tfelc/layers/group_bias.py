"""Logits moved by what a group of rows is off by."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class GroupBias(keras.layers.Layer):
    """A number for each group of rows, added to their logits, that is set after training; until then all are 0.

    Args:
        num_groups: int. How many groups there are.
        **kwargs: Arguments of `keras.layers.Layer`. It computes in float32 whatever they say.

    Call arguments:
        inputs: Float tensor of shape `(batch,)`.
        groups: Int tensor of shape `(batch,)`, or one for all rows, from 0 to `num_groups - 1`.

    Returns:
        Tensor of shape `(batch,)`.

    Example:
        >>> bias = GroupBias(num_groups=2)
        >>> bias.build((None,))
        >>> bias.set_biases([0.0, -1.0])
        >>> bias(ops.convert_to_tensor([3.0, 3.0]), ops.convert_to_tensor([0, 1])).numpy().tolist()
        [3.0, 2.0]
    """

    def __init__(self, num_groups: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.num_groups = num_groups

    def build(self, inputs_shape: Any, groups_shape: Any = None) -> None:
        """Makes the biases."""
        self.biases = self.add_weight(shape=(self.num_groups,), initializer="zeros", trainable=False, name="biases")

    def call(self, inputs: Tensor, groups: Tensor) -> Tensor:
        """Moves the logits."""
        return inputs + ops.take(self.biases, groups)

    def compute_output_shape(self, inputs_shape: Any, groups_shape: Any = None) -> Any:
        """As the logits."""
        return inputs_shape

    def set_biases(self, biases: list[float] | NDArray[np.floating[Any]]) -> None:
        """Sets what is added.

        Args:
            biases: The number of each group, in order.
        """
        self.biases.assign(np.asarray(biases, np.float32))

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "num_groups": self.num_groups}
