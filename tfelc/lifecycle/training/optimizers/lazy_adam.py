"""Adam on the rows of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfelc.lifecycle.training.optimizers.row_gradient import unique_rows


@keras.saving.register_keras_serializable(package="tfelc")
class LazyAdam(keras.optimizers.Optimizer):
    """Adam whose moments and weights move only in the rows that the batch looked up.

    This is another algorithm than Adam, in which the moments of every row decay and move it at every step. A step costs
    the rows of the batch instead of the table. A dense gradient is treated as Adam treats it.

    Args:
        learning_rate: float or schedule. Defaults to 1e-3.
        beta_1: float. Decay of the first moment. Defaults to 0.9.
        beta_2: float. Decay of the second moment. Defaults to 0.999.
        epsilon: float. Defaults to 1e-8.
    """

    def __init__(
        self,
        learning_rate: Any = 1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        name: str = "lazy_adam",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Makes the two moments of every table."""
        if self.built:
            return
        super().build(variables)
        self._first, self._second = self.add_optimizer_variables(variables, ["first_moment", "second_moment"])

    def update_step(self, gradient: Any, variable: tf.Variable, learning_rate: Any) -> None:
        """Moves the rows of `gradient`; on TensorFlow, Keras hands over the variable's own tf.Variable."""
        position = self._get_variable_index(variable)
        weight, first, second = variable, self._first[position].value, self._second[position].value
        step = tf.cast(self.iterations.value + 1, weight.dtype)
        rate = tf.cast(learning_rate, weight.dtype)
        rate *= tf.sqrt(1 - tf.pow(self.beta_2, step)) / (1 - tf.pow(self.beta_1, step))
        if isinstance(gradient, tf.IndexedSlices):
            rows, gradient = unique_rows(gradient)
        else:
            rows = tf.range(tf.shape(weight)[0])
        new_first = self.beta_1 * tf.gather(first, rows) + (1 - self.beta_1) * gradient
        new_second = self.beta_2 * tf.gather(second, rows) + (1 - self.beta_2) * tf.square(gradient)
        first.scatter_update(tf.IndexedSlices(new_first, rows))
        second.scatter_update(tf.IndexedSlices(new_second, rows))
        weight.scatter_sub(tf.IndexedSlices(rate * new_first / (tf.sqrt(new_second) + self.epsilon), rows))

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        names = ("beta_1", "beta_2", "epsilon")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
