"""Numbers of one side seen through their bins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from tfelc.features.fitted import NumberStatistics
from tfelc.features.layout import Side

Tensor = Any


@dataclass(frozen=True)
class NumberBins:
    """All bins of the numbers of a side, one after the other.

    Attributes:
        columns: Number of each bin, as its place in the side's matrix, int `(bins,)`.
        starts: Where each bin begins, float32 `(bins,)`.
        widths: How wide each bin is, float32 `(bins,)`.

    Example:
        >>> bins = NumberBins(np.array([0, 0]), np.float32([0.0, 10.0]), np.float32([10.0, 90.0]))
        >>> values = ops.convert_to_tensor([[5.0], [55.0]])
        >>> bins.filled(values, ops.zeros((2, 1), "bool")).numpy().tolist()
        [[0.5, 0.0], [1.0, 0.5]]
    """

    columns: NDArray[np.int64]
    starts: NDArray[np.float32]
    widths: NDArray[np.float32]

    @classmethod
    def of(cls, side: Side, numbers: Mapping[str, NumberStatistics]) -> NumberBins:
        """The bins of a side's numbers, of which those without edges have none."""
        edges = [np.asarray(numbers[name].edges) for name in side.numbers]
        starts = [each[:-1] for each in edges]
        return cls(
            np.repeat(np.arange(len(edges)), [len(each) for each in starts]),
            np.concatenate([*starts, []]).astype(np.float32),
            np.concatenate([*map(np.diff, edges), []]).astype(np.float32),
        )

    def __len__(self) -> int:
        return len(self.columns)

    def filled(self, values: Tensor, absent: Tensor) -> Tensor:
        """How far each bin is filled.

        Args:
            values: Float tensor of shape `(batch, numbers)`, after the transform and finite.
            absent: Bool tensor of the same shape: the values that are missing, whose bins stay empty.

        Returns:
            Float tensor of shape `(batch, bins)`, in [0, 1].
        """
        of_bins = (ops.take(values, self.columns, axis=1) - self.starts) / self.widths
        present = ops.logical_not(ops.take(absent, self.columns, axis=1))
        return ops.clip(of_bins, 0.0, 1.0) * ops.cast(present, of_bins.dtype)
