"""The rows that are ranked together: those of a request, where the schema says what tells requests apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.aggregates.clock import Clock
from tfelc.data.plain_column import plain_column
from tfelc.schema.request_key import USER_AND_DAY
from tfelc.schema.schema import Schema


class Requests:
    """Reads the request of each row.

    Args:
        schema: Its `request_key`, `user_key` and time zone.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.by_day = schema.request_key == USER_AND_DAY and USER_AND_DAY not in schema.columns
        key = schema.user_key if self.by_day or schema.request_key is None else schema.request_key
        self._key = key
        self._clock = Clock(schema.timezone)

    @property
    def name(self) -> str | None:
        """What the rows are grouped by; None where nothing tells them apart."""
        return USER_AND_DAY if self.by_day else self._key

    @property
    def columns(self) -> list[str]:
        """The columns that are read."""
        return [*([self._key] if self._key else []), *(self._schema.of_kind("timestamp") if self.by_day else ())]

    def of(self, table: pa.Table) -> NDArray[Any]:
        """The request of each row; None where it is not known."""
        assert self._key is not None
        keys = plain_column(table[self._key], self._schema.columns[self._key]).to_pylist()
        if self.by_day:
            (timestamp,) = self._schema.of_kind("timestamp")
            times = self._clock.microseconds(table[timestamp].to_numpy(), f"column `{timestamp}`")
            days = self._clock.days(times).tolist()
            keys = [None if key is None else f"{key} {day}" for key, day in zip(keys, days, strict=True)]
        found = np.empty(len(keys), object)
        found[:] = keys
        return found


def numbered(keys: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    """A number from 0 for each row's key, one of its own where the key is not known; and how many keys are known."""
    codes, distinct = pd.factorize(keys)
    unknown = codes < 0
    codes[unknown] = len(distinct) + np.arange(unknown.sum())
    return codes.astype(np.int64), len(distinct)
