"""Features that tell an outcome by themselves, as one does that is only known after it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.metrics.auc import auc
from tfelc.schema.column import Column
from tfelc.schema.schema import Schema

# An area under the curve that no honest feature reaches by itself.
_TOO_GOOD = 0.95
# Rows of either outcome without which an area says nothing.
_LEAST = 20
# Rows that a value's own rate weighs as much as the rate of all.
_PRIOR = 5.0


def label_copies(rows: pa.Table, schema: Schema) -> dict[str, dict[str, float]]:
    """The features whose AUC for a label is above 0.95 by themselves, or below 0.05.

    A number ranks by its size; a category by the rate of its values, learned from every other row and measured on the
    rest; a list by its length. What is missing ranks as a value of its own.

    Args:
        rows: Some rows of the log, in the schema's types.
        schema: What the columns mean.

    Returns:
        Label -> feature -> AUC, where a feature that ranks upside down has that of its reverse.
    """
    found: dict[str, dict[str, float]] = {}
    # A conversion that is not defined, since its condition did not come, tells nothing.
    known = {name: rows[name].is_valid().to_numpy() for name in schema.of_kind("label")}
    labels = {name: rows[name].drop_null().to_numpy().astype(np.int64) for name in known}
    labels = {name: label for name, label in labels.items() if _LEAST <= label.sum() <= len(label) - _LEAST}
    if not labels:
        return found
    for name, column in schema.features.items():
        values = _numbers(rows[name], column)
        codes = _codes(rows[name]) if values is None else None
        for label_name, label in labels.items():
            there = known[label_name]
            area = _area(label, None if values is None else values[there], None if codes is None else codes[there])
            if max(area, 1 - area) > _TOO_GOOD:
                found.setdefault(label_name, {})[name] = max(area, 1 - area)
    return found


def _numbers(column: pa.ChunkedArray, meaning: Column) -> NDArray[Any] | None:
    """What ranks rows by size; None for a category."""
    if meaning.kind == "category":
        return None
    if meaning.is_listed:
        column = pc.list_value_length(column)
    values = column.to_numpy().astype(np.float64)
    known = np.isfinite(values)
    least = values[known].min() - 1 if known.any() else 0.0
    return np.where(known, values, least)


def _codes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    codes = pd.factorize(column.to_pandas(), use_na_sentinel=False)[0]
    return codes.astype(np.int64)


def _area(label: NDArray[np.int64], values: NDArray[Any] | None, codes: NDArray[np.int64] | None) -> float:
    if values is not None:
        return auc(label, values)
    assert codes is not None
    learned, measured = slice(0, None, 2), slice(1, None, 2)
    size = int(codes.max(initial=0)) + 1
    counts = np.bincount(codes[learned], minlength=size)
    positives = np.bincount(codes[learned], weights=label[learned], minlength=size)
    rate = label[learned].mean()
    rates = (positives + _PRIOR * rate) / (counts + _PRIOR)
    area = auc(label[measured], rates[codes[measured]])
    return 0.5 if np.isnan(area) else area
