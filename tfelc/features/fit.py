"""One pass over the training split: vocabularies, bucket boundaries, means and variances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfelc.core.errors import SchemaError
from tfelc.data.number_values import number_values
from tfelc.features.fitted import FittedFeatures
from tfelc.features.running_number import RunningNumber
from tfelc.schema.embedding_table import EmbeddingTable
from tfelc.schema.schema import Schema


@dataclass(frozen=True)
class CountedRows:
    """What one pass over the rows counts.

    Attributes:
        values: Table whose vocabulary is fitted -> how often each of its values occurs.
        numbers: Number column -> its moments and a sample of it.
    """

    values: Mapping[str, Mapping[Any, int]]
    numbers: Mapping[str, RunningNumber]


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
    return fitted_to(schema, count_rows(schema, tables, number_bins), min_count)


def count_rows(schema: Schema, tables: Iterable[pa.Table], number_bins: int = 0) -> CountedRows:
    """Counts what the features are fitted to; see `fit_features`."""
    counts: dict[str, dict[Any, int]] = {}
    numbers = {
        # Those of a list have a place for each and no bins.
        name: RunningNumber(column, number_bins if column.kind == "number" else 0)
        for name, column in schema.trained_on.items()
        if not column.is_embedded
    }
    for table in tables:
        for name, column in schema.trained_on.items():
            if not column.is_embedded:
                numbers[name].add(number_values(_each(table[name]) if column.is_listed else table[name]))
                continue
            table_name, spec = schema.table_of(name)
            if not (spec.hash_buckets or spec.values):
                _count(counts.setdefault(table_name, {}), table[name], column.missing)
    return CountedRows(counts, numbers)


def fitted_to(schema: Schema, counted: CountedRows, min_count: int = 1) -> FittedFeatures:
    """The features, fitted to what `count_rows` counted; see `fit_features`."""
    specs = {name: schema.tables.get(name) or _unstated(found, min_count) for name, found in counted.values.items()}
    vocabularies = {
        name: ordered_vocabulary(schema, name, found, specs[name].min_count, specs[name].max_size)
        for name, found in counted.values.items()
    }
    vocabularies |= {name: list(spec.values) for name, spec in schema.tables.items() if spec.values}
    statistics = {name: number.statistics() for name, number in counted.numbers.items()}
    return FittedFeatures(vocabularies=vocabularies, numbers=statistics)


def ordered_vocabulary(
    schema: Schema, name: str, counts: Mapping[Any, float], min_count: float, max_size: int | None = None
) -> list[Any]:
    """The values of a table that occur often enough, the most frequent first.

    Args:
        schema: The columns, for the message.
        name: The table.
        counts: Value -> how often it occurs.
        min_count: How often it must.
        max_size: The most values. Defaults to no limit.

    Raises:
        SchemaError: No value is left.
    """
    kept = [value for value, count in counts.items() if count >= min_count]
    if not kept:
        columns = [column for column, found in schema.trained_on.items() if found.is_embedded]
        named = " and ".join(f"`{column}`" for column in columns if schema.table_of(column)[0] == name)
        if counts:
            raise SchemaError(
                f"table `{name}` of {named}: no value occurs {min_count} times in the training split; lower its "
                "`min_count`"
            )
        raise SchemaError(f"{named}: empty in every row of the training split; take it out of the schema's columns")
    # Ties are broken by the value, so that the same rows in another order give the same vocabulary. Not by Python's
    # `sorted`, whose pairs of millions of values would take more memory than the values.
    table = pa.table({"count": np.fromiter((counts[value] for value in kept), float, len(kept)), "value": kept})
    order = pc.sort_indices(table, sort_keys=[("count", "descending"), ("value", "ascending")])
    return [kept[place] for place in order.slice(0, max_size).to_numpy()]


def _each(lists: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([lists.combine_chunks().flatten()])


def _count(counts: dict[Any, int], column: pa.ChunkedArray, missing: str | int) -> None:
    values: pa.Array = column.combine_chunks()
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        values = values.flatten()
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    for value, count in zip(*(part.to_pylist() for part in pc.value_counts(values).flatten()), strict=True):
        if value is not None and value != missing:
            counts[value] = counts.get(value, 0) + count


def _unstated(counts: Mapping[Any, int], min_count: int) -> EmbeddingTable:
    """A table of which the schema says nothing; where no value is as frequent as asked for, the most frequent stay."""
    return EmbeddingTable(min_count=max(min(min_count, max(counts.values(), default=1)), 1))
