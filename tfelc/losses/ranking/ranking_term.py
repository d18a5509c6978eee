"""What every term that orders the rows of one user shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from keras import ops

Tensor = Any


class RankingTerm(ABC):
    """A loss that compares the rows of one group, such as a user's, and no others.

    Args:
        weight: What it weighs beside the task's own loss.

    Attributes:
        weight: The weight.
    """

    def __init__(self, weight: float) -> None:
        self.weight = weight

    @abstractmethod
    def loss(self, labels: Tensor, logits: Tensor, rows: Tensor, runs: Tensor) -> Tensor:
        """The mean loss over what is compared; 0 where there is nothing to compare.

        Args:
            labels: Floats, `(batch,)`: 0 or 1.
            logits: Floats, `(batch,)`.
            rows: Weight of each row, `(batch,)`; a row of weight 0 is compared with none.
            runs: Whole numbers, `(batch,)`, that ascend from 0: rows of one number lie side by side and are compared.

        Returns:
            A scalar.
        """


def run_numbers(groups: Tensor) -> Tensor:
    """Numbers the runs of equal groups from 0, in the order of the rows; a negative group is no group, a run by itself.

    Args:
        groups: Whole numbers, `(batch,)`.

    Returns:
        int32, `(batch,)`.

    Example:
        >>> run_numbers(ops.convert_to_tensor([7, 7, -1, -1, 5, 7])).numpy()
        array([0, 0, 1, 2, 3, 4], dtype=int32)
    """
    begins = ops.logical_or(groups[1:] != groups[:-1], groups[1:] < 0)
    return ops.cumsum(ops.concatenate([ops.zeros([1], "int32"), ops.cast(begins, "int32")]))
