"""Numbers of lists and vectors, transformed and standardized on tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from tfelc.features.fitted import NumberStatistics
from tfelc.schema.column import Column

Tensor = Any
# As for numbers that stand alone.
_LARGEST = 10.0


def scaled_numbers(values: Tensor, columns: Sequence[Column], statistics: Sequence[NumberStatistics]) -> Tensor:
    """Transforms numbers as their columns say, standardizes them and cuts them off at 10 standard deviations.

    Args:
        values: Float tensor whose last axis is that of the columns, or of any length where there is one column. What is
            not finite becomes 0, the mean.
        columns: What they are.
        statistics: What was fitted to each.

    Example:
        >>> column, fitted = Column(kind="number", role="item"), NumberStatistics(mean=1.0, variance=4.0, missing=False)
        >>> scaled_numbers(ops.convert_to_tensor([[3.0, float("nan"), 99.0]]), [column], [fitted]).numpy().tolist()
        [[1.0, 0.0, 10.0]]
    """
    finite = ops.isfinite(values)
    values = ops.where(finite, values, 0.0)
    is_log = np.array([column.transform == "log" for column in columns])
    is_raw = np.array([column.transform == "none" for column in columns])
    if is_log.any():
        values = ops.where(is_log, ops.sign(values) * ops.log1p(ops.abs(values)), values)
    mean = np.array([each.mean for each in statistics], np.float32)
    deviation = np.array([each.variance**0.5 for each in statistics], np.float32)
    scaled = ops.clip((values - mean) / deviation, -_LARGEST, _LARGEST)
    return ops.where(finite, ops.where(is_raw, values, scaled), 0.0)
