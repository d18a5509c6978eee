"""What is added to the logits of a row for how it was shown, and not for what it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

Tensor = Any

# What it has to tell is how few columns bear on a logit.
BIAS_UNITS = 16


@keras.saving.register_keras_serializable(package="tfelc")
class BiasTower(keras.layers.Layer):
    """A shallow tower, `W tanh(V x + b)`, beside the main one, whose logits are added to that one's.

    It learns what of the outcomes is due to the place of a row on the page, or to another way in which it was shown,
    so that the rest of the model need not. It is 0 at first, and runs in float32.

    Args:
        num_logits: int. Number of logits.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor of shape `(batch, width)`, or one row for all.

    Returns:
        Float32 tensor of shape `(batch, num_logits)`.

    Example:
        >>> layer = BiasTower(num_logits=2)
        >>> layer(keras.ops.ones((3, 4))).numpy().tolist()
        [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]

    Source: Zhao et al., "Recommending What Video to Watch Next: A Multitask Ranking System", RecSys 2019, section 4.3.
    """

    def __init__(self, num_logits: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.num_logits = num_logits
        self.hidden = keras.layers.Dense(BIAS_UNITS, "tanh", dtype="float32", name="hidden")
        # Without a bias of its own: that of the main tower is one.
        self.logits = keras.layers.Dense(
            num_logits, use_bias=False, kernel_initializer="zeros", dtype="float32", name="logits"
        )

    def build(self, input_shape: Any) -> None:
        """Makes both layers."""
        self.hidden.build(input_shape)
        self.logits.build((None, BIAS_UNITS))

    def call(self, inputs: Tensor) -> Tensor:
        """The logits of the way in which rows were shown."""
        return self.logits(self.hidden(inputs))

    def compute_output_shape(self, input_shape: Sequence[Any]) -> Any:
        """One row of logits per row."""
        return (*input_shape[:-1], self.num_logits)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "num_logits": self.num_logits}
