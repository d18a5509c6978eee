"""How much the largest cluster holds, as a Keras metric."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class LargestClusterShare(keras.metrics.Metric):
    """Share of the rows in the largest cluster, each row in its likeliest one, over the rows since the last reset.

    In [1 / count, 1]; 0 before the first row.

    Args:
        count: int. Number of clusters.
        name: str. Name of the metric. Defaults to `largest_cluster_share`.
        **kwargs: Arguments of `keras.metrics.Metric`.

    Example:
        >>> metric = LargestClusterShare(3)
        >>> metric.update_state(ops.array([2, 0, 2, 1]))
        >>> float(metric.result())
        0.5
    """

    def __init__(self, count: int, name: str = "largest_cluster_share", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.count = count
        self.rows = self.add_variable(shape=(count,), initializer="zeros", name="rows")

    def update_state(self, cluster: Tensor) -> None:
        """Adds the numbers of a batch's clusters, `(batch,)` of integers."""
        ones = ops.ones_like(cluster, dtype="float32")
        self.rows.assign_add(ops.segment_sum(ones, ops.cast(cluster, "int32"), num_segments=self.count))

    def result(self) -> Tensor:
        """The share so far."""
        return ops.max(self.rows) / ops.maximum(ops.sum(self.rows), 1.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "count": self.count}
