"""What one pass over the rows finds of a number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from tfelc.features.bin_edges import bin_edges
from tfelc.features.fitted import NumberStatistics
from tfelc.schema.column import Column

# Quantiles need no more than this many values; they are drawn at random, since rows may repeat in a pattern.
_QUANTILE_SAMPLE_PER_TABLE = 20_000
_LARGEST = float(np.finfo(np.float32).max)


class Moments(BaseModel):
    """How many values there were, after the transform, and where they lay; missing ones are left out.

    Attributes:
        count: Their number; a share of it where days are forgotten by and by.
        mean: Their mean.
        squared_deviations: Sum of the squares of their distances from the mean.

    Example:
        >>> merged = Moments(count=2, mean=1.0, squared_deviations=2.0).merged(Moments(count=2, mean=3.0))
        >>> merged.count, merged.mean, merged.squared_deviations
        (4.0, 2.0, 6.0)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: float = 0.0
    mean: float = 0.0
    squared_deviations: float = 0.0

    def merged(self, other: Moments) -> Moments:
        """Those of both together, by Chan's merge: sums of squares would cancel for large, nearly equal values."""
        total = self.count + other.count
        if not total:
            return self
        step = other.mean - self.mean
        return Moments(
            count=total,
            mean=self.mean + step * other.count / total,
            squared_deviations=self.squared_deviations
            + other.squared_deviations
            + step**2 * self.count * other.count / total,
        )

    def faded(self, share: float) -> Moments:
        """A share of the values, which lie as all do."""
        return Moments(count=self.count * share, mean=self.mean, squared_deviations=self.squared_deviations * share)

    @property
    def variance(self) -> float:
        """The variance; a constant number has 1, which keeps it at zero instead of dividing by nothing."""
        variance = self.squared_deviations / max(self.count, 1)
        # The graph holds it as a float32, which the square of a number of 1e20 is beyond.
        return min(variance, _LARGEST) if variance > 1e-12 * max(self.mean**2, 1e-12) else 1.0


def transformed(values: NDArray[Any], column: Column) -> NDArray[Any]:
    """A number after its transform and before it is standardized; the encoder does the same on tensors."""
    return np.sign(values) * np.log1p(np.abs(values)) if column.transform == "log" else values


class RunningNumber:
    """Moments and a sample of one number, over any number of tables.

    Args:
        column: What it is.
        bins: Bins that it is to be seen through.
    """

    def __init__(self, column: Column, bins: int) -> None:
        self.moments = Moments()
        self.missing = False
        self._column = column
        self._bins = bins
        self._sample: list[NDArray[Any]] = []
        self._random = np.random.default_rng(0)

    def add(self, values: NDArray[np.float32]) -> None:
        """Takes the values of one table in."""
        present = values[np.isfinite(values)].astype(np.float64)
        self.missing |= len(present) < len(values)
        if self._column.buckets or self._bins:
            few = len(present) <= _QUANTILE_SAMPLE_PER_TABLE
            drawn = present if few else self._random.choice(present, _QUANTILE_SAMPLE_PER_TABLE, replace=False)
            self._sample.append(drawn)
        if len(present):
            present = transformed(present, self._column)
            mean = float(present.mean())
            deviations = float(np.square(present - present.mean()).sum())
            self.moments = self.moments.merged(Moments(count=len(present), mean=mean, squared_deviations=deviations))

    def statistics(self) -> NumberStatistics:
        """What the features are fitted to."""
        boundaries: tuple[float, ...] = ()
        sample = np.concatenate(self._sample) if self.moments.count and self._sample else np.zeros(1)
        if self._column.buckets:
            quantiles = np.arange(1, self._column.buckets) / self._column.buckets
            boundaries = tuple(np.unique(np.quantile(sample, quantiles)).tolist())
        return NumberStatistics(
            mean=self.moments.mean,
            variance=self.moments.variance,
            missing=self.missing,
            boundaries=boundaries,
            edges=bin_edges(transformed(sample, self._column), self._bins) if self._bins else (),
        )
