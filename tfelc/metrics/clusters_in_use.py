"""How many clusters are in use, as a Keras metric."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class ClustersInUse(keras.metrics.Metric):
    """Effective number of clusters over the rows seen since the last reset.

    `exp(-sum_j q_j log q_j)` with `q` the mean assignment, in [1, count]; 0 before the first row. While the centers
    still move, rows of early and late steps are averaged alike.

    Args:
        count: int. Number of clusters.
        name: str. Name of the metric. Defaults to `clusters_in_use`.
        **kwargs: Arguments of `keras.metrics.Metric`.

    Example:
        >>> metric = ClustersInUse(3)
        >>> metric.update_state(ops.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
        >>> round(float(metric.result()), 4)
        2.0
    """

    def __init__(self, count: int, name: str = "clusters_in_use", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.count = count
        self.mass = self.add_variable(shape=(count,), initializer="zeros", name="mass")

    def update_state(self, assignment: Tensor) -> None:
        """Adds a batch of soft assignments, `(batch, count)`."""
        self.mass.assign_add(ops.sum(ops.cast(assignment, "float32"), axis=0))

    def result(self) -> Tensor:
        """The number so far."""
        total = ops.sum(self.mass)
        shares = self.mass / ops.maximum(total, 1e-7)
        entropy = -ops.sum(shares * ops.log(ops.maximum(shares, 1e-30)))
        return ops.where(total > 0, ops.exp(entropy), 0.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "count": self.count}
