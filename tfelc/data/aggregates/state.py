"""The state of a log's aggregates, joined to rows that are to be scored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.aggregates.clock import DAY, Clock
from tfelc.data.aggregates.state_writer import STATE_FILE
from tfelc.data.contract import arrow_type
from tfelc.schema.column import Column
from tfelc.schema.schema import Schema


class AggregateState:
    """Reads what `prepare` wrote into `state/` of a dataset.

    Args:
        path: The folder.
        schema: The model's schema.

    Raises:
        DataError: It cannot be read, or is the state of other aggregates than the schema's.

    Example:
        >>> state = AggregateState(Path("data/mine/state"), schema)  # doctest: +SKIP
        >>> state.added_to(candidates)  # doctest: +SKIP
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = Path(path)
        self._schema = schema
        try:
            self._content: dict[str, Any] = json.loads((self.path / STATE_FILE).read_text(encoding="utf-8"))
            self._tables = {name: pq.read_table(self.path / name) for name in self._content["files"]}
        except FileNotFoundError as error:
            raise DataError(f"{error.filename}: no such file; a state is the folder `state` of a dataset") from None
        except (OSError, ValueError, LookupError, TypeError, pa.ArrowException) as error:
            raise DataError(f"{self.path}: not a readable state: {' '.join(str(error).split())}") from None
        for name, aggregate in schema.aggregates.items():
            if self._content["aggregates"].get(name) != aggregate.model_dump(mode="json"):
                raise DataError(
                    f"{self.path}: aggregate `{name}` of the model's schema is not the state's; prepare anew"
                )
        if schema.aggregates and self._content["timezone"] != schema.timezone:
            raise DataError(
                f"{self.path}: its days are of {self._content['timezone']}, the model's of {schema.timezone}; "
                "prepare anew"
            )

    @property
    def as_of(self) -> str:
        """The day that it is for: the one after the last row of the log."""
        return str(self._content["as_of"])

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over its files."""
        digest = hashlib.sha256()
        for name in (STATE_FILE, *sorted(self._tables)):
            digest.update((self.path / name).read_bytes())
        return digest.hexdigest()

    @property
    def columns(self) -> dict[str, Column]:
        """The columns that the rows need: the keys and, for the days since something, the time."""
        aggregates = self._schema.aggregates.values()
        keys = dict.fromkeys(name for aggregate in aggregates for name in aggregate.by)
        if any(aggregate.compute == "since" for aggregate in aggregates):
            keys |= dict.fromkeys(self._schema.of_kind("timestamp"))
        return self._schema.as_read(keys)

    def needed(self, columns: Mapping[str, Column]) -> dict[str, Column]:
        """The columns that must be read in place of some others, to have these after `added_to`."""
        return {name: one for name, one in columns.items() if name not in self._schema.aggregates} | self.columns

    def added_to(self, rows: pa.Table) -> pa.Table:
        """Rows with the columns of the aggregates.

        Args:
            rows: In the schema's types, with at least `columns`.

        Returns:
            The rows; a column that was there already is replaced.

        Raises:
            DataError: A row is of a day before the one that the state is for, of which it would see the future.
        """
        times = self._times(rows)
        rows = rows.drop_columns([name for name in self._schema.aggregates if name in rows.column_names])
        for file, by in self._content["files"].items():
            table = self._tables[file]
            places = _places(rows, table, by)
            unknown = np.zeros(len(rows), bool)
            for name in by:
                unknown |= rows[name].is_null().to_numpy()
            for name in (name for name, one in self._schema.aggregates.items() if list(one.by) == by):
                values = self._values(name, table, places, unknown, times)
                rows = rows.append_column(name, values.cast(arrow_type(self._schema.columns[name])))
        return rows

    def _values(
        self, name: str, table: pa.Table, places: NDArray[np.int64], unknown: NDArray[np.bool_], times: Any
    ) -> pa.Array:
        aggregate = self._schema.aggregates[name]
        values = table[name].combine_chunks().take(pa.array(places, mask=places < 0))
        if aggregate.compute == "last":
            empty = pa.scalar([], values.type)
            return pc.if_else(pc.is_null(values), empty, values)
        if aggregate.compute == "since":
            last = self._clock.microseconds(values.drop_null().to_numpy(), str(self.path))
            found = np.full(len(places), np.nan)
            seen = np.asarray(values.is_valid())
            found[seen] = (times[seen] - last) / DAY
            return pa.array(found, from_pandas=True)
        unseen = self._content["unseen"][name]
        if unseen is not None:
            values = pc.if_else(pa.array((places < 0) & ~unknown), pa.scalar(unseen, pa.float32()), values)
        return values

    @property
    def _clock(self) -> Clock:
        return Clock(self._content["timezone"], self._content["unit"])

    def _times(self, rows: pa.Table) -> NDArray[np.int64] | None:
        timestamp = next(iter(self._schema.of_kind("timestamp")), None)
        if timestamp is None or timestamp not in rows.column_names:
            return None
        raw = rows[timestamp].to_numpy()
        if len(raw) and raw.min() < self._content["begins"]:
            raise DataError(
                f"{self.path}: the state is for {self.as_of} and later; a row of `{timestamp}` {raw.min()} would see "
                "its future"
            )
        return self._clock.microseconds(raw, "candidates")


def _places(rows: pa.Table, table: pa.Table, by: list[str]) -> NDArray[np.int64]:
    """Where each row's key stands in a table; -1 for one that does not, or is null."""
    if not len(table):
        return np.full(len(rows), -1)
    codes: list[NDArray[np.int64]] = [np.zeros(len(part), np.int64) for part in (rows, table)]
    absent = np.zeros(len(rows), bool)
    for name in by:
        values = pc.unique(table[name])
        asked, there = (_index(part[name], values) for part in (rows, table))
        absent |= asked < 0
        codes = [code * len(values) + place for code, place in zip(codes, (asked, there), strict=True)]
    places = _index(pa.chunked_array([codes[0]]), pa.array(codes[1]))
    return np.where(absent, -1, places)


def _index(values: pa.ChunkedArray, value_set: pa.Array) -> NDArray[np.int64]:
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    found = pc.index_in(values, value_set=value_set, skip_nulls=True)
    return np.asarray(found.fill_null(-1).combine_chunks(), np.int64)
