"""Inputs of requests, as they were sent, collected to columns of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tfelc.data.contract import arrow_type
from tfelc.features.lookup import MISSING_INTEGER
from tfelc.ranker.export.present_values import present_values
from tfelc.schema.column import Column

Array = npt.NDArray[Any]


class RowColumn:
    """Values of one feature, request by request; the inverse of what makes requests of rows.

    What is sent for a missing value becomes null again, and the padding of a list goes.

    Args:
        column: The feature.
    """

    def __init__(self, column: Column) -> None:
        self._column = column
        self._values: list[Array] = []
        self._lengths: list[Array] = []

    def add(self, values: Array, count: int, there: Array | None = None) -> None:
        """Adds the values of a request.

        Args:
            values: `(rows,)`, or `(rows, length)` for a list; one row stands for all.
            count: Rows of the request.
            there: Which values of a list stay, of its shape. Defaults to those that are not missing.
        """
        if self._column.is_listed and there is None:
            there = present_values(self._column, values)
        if len(values) == 1 and count != 1:
            values = np.repeat(values, count, axis=0)
            there = None if there is None else np.repeat(there, count, axis=0)
        if there is not None:
            self._lengths.append(there.sum(axis=1))
            values = values[there]
        self._values.append(values)

    def array(self) -> pa.Array:
        """All of them, in a type that the column takes."""
        empty = np.empty(0, {"string": object, "integer": np.int64, "float": np.float32}[self._column.value_type])
        values = np.concatenate(self._values) if self._values else empty
        if self._column.is_listed:
            ends = np.cumsum(np.concatenate([[0], *self._lengths])).astype(np.int32)
            return pa.ListArray.from_arrays(pa.array(ends), _plain(values)).cast(arrow_type(self._column))
        if self._column.kind == "number":
            if self._column.value_type == "integer":
                return pa.array(values, pa.int64(), mask=values == MISSING_INTEGER)
            # As the model sees it: what is not finite is missing.
            return pa.array(values, pa.float32(), mask=~np.isfinite(values.astype(np.float32)))
        plain = _plain(values)
        return pc.if_else(pc.equal(plain, self._column.missing), pa.scalar(None, plain.type), plain)


def _plain(values: Array) -> pa.Array:
    if values.dtype != object:
        return pa.array(values)
    try:
        return pa.array(values, pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:  # no text: a value that no vocabulary holds
        return pa.array([value.decode(errors="replace") for value in values], pa.string())
