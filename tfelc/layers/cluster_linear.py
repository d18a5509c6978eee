"""A linear part of the logits that each cluster has for itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class ClusterLinear(keras.layers.Layer):
    """`logit_t = sum_j p_j (<w_tj, x> + b_tj)`: cluster `j` weighs the inputs in its own way for each task `t`.

    A user of one cluster may like what is cheap and near the top, one of another what is dear and new. Experts can
    learn that only as a product of inputs; here it is a weight, learned as fast as the weights of a linear model. It
    is 0 at first and runs in float32.

    Args:
        num_tasks: int. Number of logits.
        num_clusters: int. Number of clusters.

    Call arguments:
        inputs: Float tensor of shape `(batch, width)`.
        assignment: Float tensor of shape `(batch, num_clusters)`, or one row for all.

    Returns:
        Float32 tensor of shape `(batch, num_tasks)`. O(batch width num_tasks num_clusters) time, and memory without the
        width.

    Example:
        >>> layer = ClusterLinear(num_tasks=1, num_clusters=2)
        >>> layer.build((None, 1), (None, 2))
        >>> _ = layer.kernel.assign([[1.0, -1.0]])
        >>> price, assignment = ops.convert_to_tensor([[3.0], [3.0]]), ops.convert_to_tensor([[1.0, 0.0], [0.25, 0.75]])
        >>> layer(price, assignment).numpy().tolist()
        [[3.0], [-1.5]]
    """

    def __init__(self, num_tasks: int, num_clusters: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.num_tasks = num_tasks
        self.num_clusters = num_clusters

    def build(self, inputs_shape: Any, assignment_shape: Any = None) -> None:
        """Makes one kernel for all tasks and clusters."""
        units = self.num_tasks * self.num_clusters
        self.kernel = self.add_weight(name="kernel", shape=(inputs_shape[-1], units), initializer="zeros")
        self.bias = self.add_weight(name="bias", shape=(units,), initializer="zeros")

    def call(self, inputs: Tensor, assignment: Tensor) -> Tensor:
        """Adds the clusters' answers up, each by its share."""
        answers = ops.reshape(ops.matmul(inputs, self.kernel) + self.bias, (-1, self.num_tasks, self.num_clusters))
        return ops.sum(answers * assignment[:, None], axis=-1)

    def compute_output_shape(self, inputs_shape: Sequence[Any], assignment_shape: Any) -> Any:
        """One logit per task."""
        return (inputs_shape[0], self.num_tasks)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "num_tasks": self.num_tasks, "num_clusters": self.num_clusters}
