"""One pass over the training split: vocabularies, bucket boundaries, means and variances."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.core.errors import SchemaError
from tfelc.data.number_values import number_values
from tfelc.features.bin_edges import bin_edges
from tfelc.features.fitted import FittedFeatures, NumberStatistics
from tfelc.schema.column import Column
from tfelc.schema.embedding_table import EmbeddingTable
from tfelc.schema.schema import Schema

# Quantiles need no more than this many values; they are drawn at random, since rows may repeat in a pattern.
_QUANTILE_SAMPLE_PER_TABLE = 20_000
_LARGEST = float(np.finfo(np.float32).max)


def transformed(values: NDArray[Any], column: Column) -> NDArray[Any]:
    """A number after its transform and before it is standardized; the encoder does the same on tensors."""
    return np.sign(values) * np.log1p(np.abs(values)) if column.transform == "log" else values


def fit_features(
    schema: Schema, tables: Iterable[pa.Table], min_count: int = 1, number_bins: int = 0
) -> FittedFeatures:
    """Fits the features on the rows of `tables`, which are read once, in order.

    Memory grows with the number of distinct values of the vocabularies, not with the rows.

    Args:
        schema: The columns.
        tables: The training rows.
        min_count: How often a value must occur where the schema says nothing of its table. Defaults to 1.
        number_bins: Bins of each number. Defaults to 0: none.

    Raises:
        SchemaError: A vocabulary came out empty.
    """
    counts: dict[str, dict[Any, int]] = {}
    numbers = {name: _RunningNumber(column, number_bins) for name, column in schema.of_kind("number").items()}
    for table in tables:
        for name, column in schema.features.items():
            if column.kind == "number":
                numbers[name].add(number_values(table[name]))
                continue
            table_name, spec = schema.table_of(name)
            if not (spec.hash_buckets or spec.values):
                _count(counts.setdefault(table_name, {}), table[name], column.missing)
    specs = {name: schema.tables.get(name) or _unstated(counts[name], min_count) for name in counts}
    vocabularies = {name: _vocabulary(schema, name, specs[name], found) for name, found in counts.items()}
    vocabularies |= {name: list(spec.values) for name, spec in schema.tables.items() if spec.values}
    return FittedFeatures(vocabularies=vocabularies, numbers={name: n.statistics() for name, n in numbers.items()})


class _RunningNumber:
    """Mean, variance and a sample of one number, over any number of tables."""

    def __init__(self, column: Column, bins: int) -> None:
        self._column = column
        self._bins = bins
        self._count = 0
        self._mean = 0.0
        self._squared_deviations = 0.0
        self._missing = False
        self._sample: list[NDArray[Any]] = []
        self._random = np.random.default_rng(0)

    def add(self, values: NDArray[np.float32]) -> None:
        present = values[np.isfinite(values)].astype(np.float64)
        self._missing |= len(present) < len(values)
        if self._column.buckets or self._bins:
            few = len(present) <= _QUANTILE_SAMPLE_PER_TABLE
            drawn = present if few else self._random.choice(present, _QUANTILE_SAMPLE_PER_TABLE, replace=False)
            self._sample.append(drawn)
        if len(present):
            # Chan's merge of two samples: sums of squares would cancel for large, nearly equal values.
            present = transformed(present, self._column)
            total = self._count + len(present)
            step = float(present.mean()) - self._mean
            self._squared_deviations += float(np.square(present - present.mean()).sum())
            self._squared_deviations += step**2 * self._count * len(present) / total
            self._mean += step * len(present) / total
            self._count = total

    def statistics(self) -> NumberStatistics:
        variance = self._squared_deviations / max(self._count, 1)
        boundaries: tuple[float, ...] = ()
        sample = np.concatenate(self._sample) if self._count and self._sample else np.zeros(1)
        if self._column.buckets:
            quantiles = np.arange(1, self._column.buckets) / self._column.buckets
            boundaries = tuple(np.unique(np.quantile(sample, quantiles)).tolist())
        # A constant column carries nothing: a variance of 1 keeps it at zero instead of dividing by nothing.
        return NumberStatistics(
            mean=self._mean,
            # The graph holds it as a float32, which the square of a number of 1e20 is beyond.
            variance=min(variance, _LARGEST) if variance > 1e-12 * max(self._mean**2, 1e-12) else 1.0,
            missing=self._missing,
            boundaries=boundaries,
            edges=bin_edges(transformed(sample, self._column), self._bins) if self._bins else (),
        )


def _count(counts: dict[Any, int], column: pa.ChunkedArray, missing: str | int) -> None:
    values: pa.Array = column.combine_chunks()
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        values = values.flatten()
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    for value, count in zip(*(part.to_pylist() for part in pc.value_counts(values).flatten()), strict=True):
        if value is not None and value != missing:
            counts[value] = counts.get(value, 0) + count


def _unstated(counts: dict[Any, int], min_count: int) -> EmbeddingTable:
    """A table of which the schema says nothing; where no value is as frequent as asked for, the most frequent stay."""
    return EmbeddingTable(min_count=max(min(min_count, max(counts.values(), default=1)), 1))


def _vocabulary(schema: Schema, name: str, spec: EmbeddingTable, counts: dict[Any, int]) -> list[Any]:
    # Ties are broken by the value, so that the same rows in another order give the same vocabulary.
    kept = sorted((-count, value) for value, count in counts.items() if count >= spec.min_count)
    if not kept:
        columns = [column for column, found in schema.features.items() if found.kind != "number"]
        named = " and ".join(f"`{column}`" for column in columns if schema.table_of(column)[0] == name)
        if counts:
            raise SchemaError(
                f"table `{name}` of {named}: no value occurs {spec.min_count} times in the training split; lower its "
                "`min_count`"
            )
        raise SchemaError(f"{named}: empty in every row of the training split; take it out of the schema's columns")
    return [value for _, value in kept[: spec.max_size]]
