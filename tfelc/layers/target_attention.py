"""A history, summed up as it bears on a candidate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from tfelc.layers.distance_rows import distance_rows

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class TargetAttention(keras.layers.Layer):
    """`sum_j w_j h_j`, `w_j = v relu(W_h h_j + W_c c + W_p (a_j * c) + p_j) + b`, over the positions that are there.

    `h_j` is a position of the history, `c` the candidate, `a_j` the part of `h_j` that is of the same kinds as the
    candidate, and `p_j` is learned by the distance from the latest position. The weights are not normalized: a user
    who often saw the like of the candidate has a longer sum. `W_h h_j + p_j` knows nothing of the candidate: of one
    user with many candidates it is computed once. Time is linear in the length.

    Args:
        max_length: int. Longest history.
        hidden: int. Width of the layer inside. Defaults to 32.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Mapping of `history`, float `(batch, length, dim)`; `valid`, bool `(batch, length)`, False at a pad,
            wherever it stands; `aligned`, float `(batch, length, width)`; and `candidate`, float `(batch, width)`. The
            first three may be one row for all candidates.

    Returns:
        Tensor of shape `(batch, dim)`; 0 for an empty history.

    Example:
        >>> attention = TargetAttention(max_length=5)
        >>> history, valid = ops.ones((1, 5, 6)), ops.ones((1, 5), dtype="bool")
        >>> inputs = {"history": history, "valid": valid, "aligned": history[..., :4], "candidate": ops.ones((3, 4))}
        >>> tuple(attention(inputs).shape)
        (3, 6)

    Source: DIN (Zhou et al., 2018), equation 3, with relu for Dice, the product as what relates the two, and positions.
    """

    def __init__(self, max_length: int, hidden: int = 32, **kwargs: Any) -> None:
        """See the class."""
        super().__init__(**kwargs)
        self.max_length = max_length
        self.hidden = hidden

    def build(self, inputs_shape: Mapping[str, Any]) -> None:
        """Makes the three products, the positions and the scores."""
        self.positions = self.add_weight(
            shape=(self.max_length + 1, self.hidden), initializer="zeros", name="positions"
        )
        parts = (("history", True), ("candidate", False), ("product", False))
        for name, use_bias in parts:
            width = inputs_shape["candidate" if name == "product" else name][-1]
            layer = keras.layers.Dense(self.hidden, use_bias=use_bias, dtype=self.dtype_policy, name=f"of_{name}")
            layer.build((None, width))
            setattr(self, f"of_{name}", layer)
        self.score = keras.layers.Dense(1, dtype=self.dtype_policy, name="score")
        self.score.build((None, self.hidden))

    def call(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Weighs the positions and sums them up."""
        history, valid, candidate = inputs["history"], inputs["valid"], inputs["candidate"]
        keys = self.of_history(history) + distance_rows(self.positions, valid)
        products = self.of_product(inputs["aligned"] * candidate[:, None, :])
        hidden = ops.relu(keys + self.of_candidate(candidate)[:, None, :] + products)
        weights = ops.where(valid, self.score(hidden)[..., 0], 0.0)
        return ops.matmul(ops.cast(weights, history.dtype)[:, None, :], history)[:, 0]

    def compute_output_shape(self, inputs_shape: Mapping[str, Any]) -> Any:
        """One vector for each candidate."""
        return (inputs_shape["candidate"][0], inputs_shape["history"][-1])

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "max_length": self.max_length, "hidden": self.hidden}
