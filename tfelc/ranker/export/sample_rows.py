"""The rows that an export is warmed up and verified with: real ones, made ones, and hard ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tfelc.core.errors import TfelcError
from tfelc.data.contract import arrow_type
from tfelc.data.row_groups import RowGroupReader
from tfelc.features.fitted import FittedFeatures
from tfelc.ranker.run import RankerRun
from tfelc.schema.column import Column
from tfelc.schema.schema import Schema

# What a client may send one day. Numbers of type `integer` have no infinity.
_HARD_FLOATS = (None, float("nan"), float("inf"), float("-inf"), 1e30, -1e30, 0.0, 1e-30)
_HARD_INTEGER_NUMBERS = (None, -1.0, 2.0**62, -(2.0**62), 0.0)
_HARD_STRINGS = (None, "", "never seen", "\u96ea \U0001f600", "x" * 1000, "[UNK]", "-1", " ")
_HARD_INTEGERS = (None, -1, -2, 0, 2**63 - 1, -(2**63), 10**12)
_HARD_ROWS = 16


def real_rows(run: RankerRun, count: int) -> pa.Table | None:
    """Rows of the run's validation split, or None where the data it was trained on is no longer there.

    Args:
        run: The run.
        count: Rows at most; they are spread over the first row group.
    """
    schema = run.schema
    try:
        files = run.dataset().files("validation")
        table = next(RowGroupReader(files, list(schema.features), seed=0, window=1).tables(0, shuffle=False))
    except TfelcError:
        return None
    return plain(table.take(np.linspace(0, len(table) - 1, min(count, len(table))).astype(np.int64)), schema)


def made_rows(schema: Schema, fitted: FittedFeatures, count: int, seed: int = 0) -> pa.Table:
    """Rows drawn from what was fitted: known values of every vocabulary, numbers around their means."""
    random = np.random.default_rng(seed)
    columns = {}
    lengths: dict[str, list[int]] = {}
    for name, column in schema.features.items():
        if column.kind == "number":
            values: list[Any] = _numbers(fitted, name, column, count, random)
        elif column.kind == "list":
            if name not in lengths:
                drawn = random.integers(0, column.max_length + 1, count).tolist()
                lengths |= dict.fromkeys(schema.sequence_columns.get(name, (name,)), drawn)
            values = [_known(schema, fitted, name, length, random) for length in lengths[name]]
        elif column.kind == "vector":
            values = [_numbers(fitted, name, column, column.width or 0, random) for _ in range(count)]
        else:
            values = _known(schema, fitted, name, count, random)
        columns[name] = pa.array(values, arrow_type(column))
    return pa.table(columns)


def hard_rows(schema: Schema, fitted: FittedFeatures) -> pa.Table:
    """Rows that no request may fail on: everything missing, unknown values, no numbers, lists out of shape."""
    columns: dict[str, list[Any]] = {}
    for name, column in schema.features.items():
        hard = _hard_values(column)
        values: list[Any] = [hard[row % len(hard)] for row in range(_HARD_ROWS)]
        if column.kind == "list":
            known = _known(schema, fitted, name, 2 * column.max_length, np.random.default_rng(0))
            # Values and holes in turns, more of both than are kept.
            missing = column.missing if column.is_embedded else None
            holed = [each for value in known for each in (value, missing)]
            shapes: tuple[list[Any] | tuple[Any, ...], ...]
            shapes = ([], [missing], values, known, holed, [*known, *values], known[:1], [])
            values = [
                [missing if value is None else value for value in shapes[row % len(shapes)]]
                for row in range(_HARD_ROWS)
            ]
        elif column.kind == "vector":
            # None, one that is not finite, a huge one.
            values = [[value] * (column.width or 0) if value is not None else [] for value in values]
        columns[name] = values
    for sequence in schema.sequences.values():
        _cut_alike(columns, sequence.columns)
    return pa.table({name: pa.array(values, arrow_type(schema.columns[name])) for name, values in columns.items()})


def plain(table: pa.Table, schema: Schema) -> pa.Table:
    """The features in the types of the contract, without dictionaries."""
    return pa.table(
        {name: pa.array(table[name].to_pylist(), arrow_type(column)) for name, column in schema.features.items()}
    )


def _hard_values(column: Column) -> tuple[Any, ...]:
    if not column.is_embedded:
        return _HARD_INTEGER_NUMBERS if column.value_type == "integer" else _HARD_FLOATS
    return _HARD_INTEGERS if column.value_type == "integer" else _HARD_STRINGS


def _cut_alike(columns: dict[str, list[Any]], names: Sequence[str]) -> None:
    """Makes the lists of each row as long as the shortest of them."""
    for row in range(_HARD_ROWS):
        shortest = min(len(columns[name][row]) for name in names)
        for name in names:
            columns[name][row] = columns[name][row][:shortest]


def _numbers(fitted: FittedFeatures, name: str, column: Column, count: int, random: np.random.Generator) -> list[Any]:
    statistics = fitted.numbers[name]
    values = random.normal(statistics.mean, statistics.variance**0.5, count)
    if column.transform == "log":
        values = np.sign(values) * np.expm1(np.minimum(np.abs(values), 20.0))
    if column.value_type == "integer":
        values = np.clip(np.round(values), -(2.0**62), 2.0**62)
    return values.astype(np.float32).tolist()


def _known(schema: Schema, fitted: FittedFeatures, name: str, count: int, random: np.random.Generator) -> list[Any]:
    if not schema.columns[name].is_embedded:
        return _numbers(fitted, name, schema.columns[name], count, random)
    table = schema.table_of(name)[0]
    vocabulary = fitted.vocabularies.get(table)
    if vocabulary is None:
        numbers = random.integers(0, 10_000, count).tolist()
        return numbers if schema.columns[name].value_type == "integer" else [f"value {number}" for number in numbers]
    return [vocabulary[place] for place in random.integers(0, len(vocabulary), count)]
