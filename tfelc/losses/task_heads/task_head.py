"""What every kind of task has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.losses.task_heads.value_scale import ValueScale

Tensor = Any

# Exponents are kept below it, so that no prediction is infinite: e^80 is 5.5e34, and float32 ends at 3.4e38.
LARGEST_EXPONENT = 80.0


class TaskHead(ABC):
    """The meaning of a task's logits: the loss of each row, and what is predicted.

    Args:
        scale: ValueScale. What the training labels are like. Defaults to center 0 and spread 1.

    Attributes:
        columns: How many logits the task has.

    Example:
        >>> from tfelc.losses.task_heads.watch_time_head import WatchTimeHead
        >>> WatchTimeHead(WatchTimeHead.fitted(np.array([10.0, 50.0]))).scale.spread
        30.0
    """

    columns: int = 1

    def __init__(self, scale: ValueScale | None = None) -> None:
        self.scale = scale or ValueScale()

    @abstractmethod
    def loss(self, labels: Tensor, logits: Tensor) -> Tensor:
        """The loss of each row, `(batch,)`.

        Args:
            labels: Tensor. Floats in their own unit, `(batch,)`.
            logits: Tensor. `(batch,)`, or `(batch, columns)` where there are several.
        """

    @abstractmethod
    def prediction(self, logits: Tensor) -> Tensor:
        """What is served, in the unit of the labels, finite, `(batch,)`.

        Args:
            logits: Tensor. `(batch,)`, or `(batch, columns)` where there are several.
        """

    @classmethod
    def fitted(cls, labels: NDArray[np.float32]) -> ValueScale:
        """The scale of training labels; here center 0 and spread 1, whatever they are.

        Args:
            labels: The known labels of the rows that the task is trained on, `(rows,)`.
        """
        return ValueScale()


def scale_of(values: NDArray[np.float64]) -> ValueScale:
    """Mean and standard deviation, 1 where all are equal; the default scale without values.

    Args:
        values: Any finite numbers, `(rows,)`.

    Example:
        >>> scale_of(np.array([1.0, 3.0]))
        ValueScale(center=2.0, spread=1.0)
    """
    if not len(values):
        return ValueScale()
    return ValueScale(center=float(values.mean()), spread=float(values.std()) or 1.0)
