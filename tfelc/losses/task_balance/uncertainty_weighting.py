"""Loss weights from each task's learned uncertainty."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from tfelc.losses.task_balance.task_balance import BALANCE, TaskBalance, Tensor


@keras.saving.register_keras_serializable(package="tfelc")
class UncertaintyWeighting(TaskBalance):
    """Weighs each task by the inverse of its learned variance.

    `L = sum_k w_k (exp(-s_k) L_k + s_k / 2)` with the trainable `s_k = log sigma_k^2`, the form for cross-entropies.
    For a loss that stands still the optimum is `sigma_k^2 = 2 L_k`. The base weight `w_k` scales both terms, so it does
    not move that optimum and keeps its meaning beside the learned weight. The terms `w_k s_k / 2` come as `balance`.

    Args:
        tasks: Sequence of str. The tasks.
        base_weights: Mapping of task to float. The weights `w`. Defaults to None: all 1.
        **kwargs: Arguments of `keras.layers.Layer`.

    Example:
        >>> import numpy as np
        >>> balance = UncertaintyWeighting(["ctr", "cvr"])
        >>> _ = balance.log_variances.assign(ops.log([1.0, 4.0]))  # what training learns
        >>> {name: round(float(term), 4) for name, term in balance.weighted({"ctr": 0.5, "cvr": 0.5}).items()}
        {'ctr': 0.5, 'cvr': 0.125, 'balance': 0.6931}

    Source: Kendall, Gal and Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry and
    Semantics", CVPR 2018, Eq. 10.
    """

    def __init__(self, tasks: Sequence[str], base_weights: Mapping[str, float] | None = None, **kwargs: Any) -> None:
        super().__init__(tasks, base_weights, **kwargs)
        self.log_variances = self.add_weight(
            shape=(len(self.tasks),), initializer="zeros", dtype="float32", name="log_variances"
        )

    def weighted(self, losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weighted losses, and under `balance` the terms that keep the variances from growing without end."""
        raw = super().weighted(losses)
        terms = {task: ops.exp(-self.log_variances[k]) * raw[task] for k, task in enumerate(self.tasks)}
        terms[BALANCE] = sum(self.base_weights[task] * self.log_variances[k] / 2 for k, task in enumerate(self.tasks))
        return terms
