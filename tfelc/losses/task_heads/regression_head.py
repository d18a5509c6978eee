"""A quantity by squared or absolute error."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from keras import ops
from numpy.typing import NDArray

from tfelc.losses.task_heads.task_head import LARGEST_EXPONENT, TaskHead, scale_of
from tfelc.losses.task_heads.value_scale import ValueScale

Tensor = Any


class RegressionHead(TaskHead):
    """One logit, the label in standard deviations from the mean of the training labels.

    With `t = (f(y) - center) / spread`, where `f(y) = y`, or `log(1 + y)` on the log scale, the loss is `(t - z)^2` or
    `|t - z|`, and the prediction is `f^-1(center + spread z)`. The squared error makes it the mean and the absolute one
    the median; on the log scale a mean of logarithms lies below the mean of values.

    Args:
        scale: ValueScale. Mean and standard deviation of `f(y)`. Defaults to None: 0 and 1.
        loss: `squared` or `absolute`. Defaults to `squared`.
        log: bool. Whether on the log scale, for labels of at least 0. Defaults to False.

    Example:
        >>> head = RegressionHead(ValueScale(center=10, spread=5))
        >>> head.loss(ops.convert_to_tensor([20.0]), ops.convert_to_tensor([1.5])).numpy().tolist()
        [0.25]
        >>> head.prediction(ops.convert_to_tensor([1.5])).numpy().tolist()
        [17.5]
    """

    def __init__(
        self, scale: ValueScale | None = None, loss: Literal["squared", "absolute"] = "squared", log: bool = False
    ) -> None:
        super().__init__(scale)
        self._absolute = loss == "absolute"
        self._log = log

    def loss(self, labels: Tensor, logits: Tensor) -> Tensor:
        """The squared or absolute error of each row, in standard deviations."""
        values = ops.log1p(labels) if self._log else labels
        error = (values - self.scale.center) / self.scale.spread - logits
        return ops.abs(error) if self._absolute else error * error

    def prediction(self, logits: Tensor) -> Tensor:
        """The value; on the log scale at least 0, as the labels are."""
        value = self.scale.center + self.scale.spread * logits
        return ops.expm1(ops.clip(value, 0.0, LARGEST_EXPONENT)) if self._log else value

    @classmethod
    def fitted(cls, labels: NDArray[np.float32]) -> ValueScale:
        """Mean and standard deviation of the labels."""
        return scale_of(labels.astype(np.float64))

    @classmethod
    def fitted_log(cls, labels: NDArray[np.float32]) -> ValueScale:
        """Mean and standard deviation of `log(1 + y)`.

        Args:
            labels: As for `fitted`, at least 0.
        """
        return scale_of(np.log1p(labels.astype(np.float64)))
