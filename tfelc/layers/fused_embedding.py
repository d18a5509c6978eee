"""The embedding tables of one width, as one weight."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class FusedEmbedding(keras.layers.Layer):
    """Looks ids up in one fused table.

    On TensorFlow the gradient is sparse (the rows of the batch only): `keras.layers.Embedding` takes from a dense copy
    of its weight there, so that one step costs as much as the whole table.

    Args:
        rows: int. Rows of the fused table.
        dim: int. Width of an embedding.
        scale: float. Standard deviation of the initial values. Defaults to 0.02.

    Call arguments:
        inputs: Integer tensor of any shape, ids in `[0, rows)`.

    Returns:
        Tensor of shape `inputs.shape + (dim,)`, in the layer's compute dtype.
    """

    def __init__(self, rows: int, dim: int, scale: float = 0.02, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rows = rows
        self.dim = dim
        self.scale = scale

    def build(self, input_shape: Any) -> None:
        """Makes the table; in float32 whatever the policy, since small updates vanish in half the width."""
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(self.rows, self.dim),
            initializer=keras.initializers.RandomNormal(stddev=self.scale),
            autocast=False,
        )

    def call(self, inputs: Tensor) -> Tensor:
        """Looks `inputs` up."""
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            rows = tf.nn.embedding_lookup(self.embeddings.value, inputs)
        else:
            rows = ops.take(self.embeddings, inputs, axis=0)
        return ops.cast(rows, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Adds the width."""
        return (*input_shape, self.dim)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "rows": self.rows, "dim": self.dim, "scale": self.scale}
