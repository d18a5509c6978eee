"""Adagrad on the rows of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfelc.lifecycle.training.optimizers.row_gradient import unique_rows


@keras.saving.register_keras_serializable(package="tfelc")
class SparseAdagrad(keras.optimizers.Optimizer):
    """Adagrad; a sparse gradient touches its own rows only, with the same result as on the whole table.

    Args:
        learning_rate: float or schedule. Defaults to 0.01.
        initial_accumulator_value: float. Defaults to 0.1.
        epsilon: float. Defaults to 1e-7.
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        name: str = "sparse_adagrad",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Makes the accumulator of every table."""
        if self.built:
            return
        super().build(variables)
        initializer = keras.initializers.Constant(self.initial_accumulator_value)
        self._accumulators = [
            self.add_variable_from_reference(v, name="accumulator", initializer=initializer) for v in variables
        ]

    def update_step(self, gradient: Any, variable: tf.Variable, learning_rate: Any) -> None:
        """Moves the rows of `gradient`; on TensorFlow, Keras hands over the variable's own tf.Variable."""
        weight, squares = variable, self._accumulators[self._get_variable_index(variable)].value
        if isinstance(gradient, tf.IndexedSlices):
            rows, gradient = unique_rows(gradient)
        else:
            rows = tf.range(tf.shape(weight)[0])
        new_squares = tf.gather(squares, rows) + tf.square(gradient)
        squares.scatter_update(tf.IndexedSlices(new_squares, rows))
        change = tf.cast(learning_rate, weight.dtype) * gradient / tf.sqrt(new_squares + self.epsilon)
        weight.scatter_sub(tf.IndexedSlices(change, rows))

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        names = ("initial_accumulator_value", "epsilon")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
