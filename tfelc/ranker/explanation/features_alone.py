"""How well each feature ranks by itself: one that does so almost perfectly is likely to hold the outcome."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.plain_column import plain_column
from tfelc.metrics.auc import auc
from tfelc.metrics.xauc import xauc
from tfelc.ranker.evaluation.predictions import Outcome
from tfelc.schema.column import Column

_BINS = 50


def alone(column: Column, values: pa.ChunkedArray, outcome: Outcome) -> float:
    """AUC, or XAUC of a quantity, of a feature that is all that is known.

    A row is scored by the mean outcome of the rows with the same value (of a number: in the same of 50 bins; of a
    list: with as many elements) in the other half of the rows, so that no row is scored by its own outcome.

    Args:
        column: The feature.
        values: Its values, `(rows,)`.
        outcome: The outcome, over the same rows.

    Returns:
        The mean of the two halves; NaN where one of them has rows of a single outcome.

    Example:
        >>> clicked = np.arange(40) % 2
        >>> outcome = Outcome(np.ones(40, bool), clicked.astype(np.float32), np.zeros(40, np.float32))
        >>> alone(Column(kind="number", role="item"), pa.chunked_array([clicked * 2.5]), outcome)
        1.0
    """
    codes = _codes(column, values)[outcome.rows]
    labels = outcome.labels[outcome.rows].astype(np.float64)
    halves = np.random.default_rng(0).permutation(len(labels)) % 2
    found = [_scored(codes, labels, halves == half, outcome.is_value) for half in (0, 1)]
    return math.nan if any(map(math.isnan, found)) else sum(found) / 2


def _scored(codes: NDArray[np.int64], labels: NDArray[np.float64], there: NDArray[np.bool_], of_value: bool) -> float:
    others = ~there
    if not others.any() or len(np.unique(labels[there])) < 2:
        return math.nan
    mean, size = labels[others].mean(), int(codes.max()) + 1
    # One row of the mean besides, so that a value seen once is not trusted as much as one seen often.
    rates = (np.bincount(codes[others], labels[others], size) + mean) / (np.bincount(codes[others], minlength=size) + 1)
    return (xauc if of_value else auc)(labels[there], rates[codes[there]])


def _codes(column: Column, values: pa.ChunkedArray) -> NDArray[np.int64]:
    plain = plain_column(values, column)
    if column.kind in ("list", "vector"):
        plain = pa.compute.fill_null(pa.compute.list_value_length(plain), 0)
    if column.kind == "category":
        return pd.factorize(plain.to_pandas(), use_na_sentinel=False)[0].astype(np.int64)
    numbers = plain.to_numpy(zero_copy_only=False).astype(np.float64)
    known = ~np.isnan(numbers)
    edges = np.unique(np.quantile(numbers[known], np.arange(1, _BINS) / _BINS)) if known.any() else np.empty(0)
    return np.where(known, np.searchsorted(edges, numbers, side="left"), len(edges) + 1)
