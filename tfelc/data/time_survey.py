"""What the files of one log say of their times: whether one unit and one form can be meant by all."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import DataError
from tfelc.data.log_batch import LogBatch
from tfelc.data.values.moments import Moments, moments
from tfelc.data.values.plain_array import plain_array
from tfelc.data.values.type_rules import takes
from tfelc.schema.column import Column

# Numbers of these sizes are moments from 1973 to about 2128, each in its unit.
_UNITS = {"seconds": 1e8, "milliseconds": 1e11, "microseconds": 1e14, "nanoseconds": 1e17}
_WIDEST = 50
# A file is of a unit once this share of its numbers is.
_SHARE = 0.01


class FractionalTimes(Exception):
    """Bare numbers of a log have fractions, so that all of them must be read as seconds."""


class TimeSurvey:
    """Looks at the times of a log, batch by batch.

    Args:
        name: The column's name.
        column: The column, with what the schema says of spelling.
        in_seconds: Whether bare numbers are seconds, to become microseconds.
    """

    def __init__(self, name: str, column: Column, in_seconds: bool) -> None:
        self.name = name
        self._column = column
        self._in_seconds = in_seconds
        self._sizes: dict[str, dict[str, int]] = {}
        self._rows: dict[str, int] = {}
        self._first: dict[str, str] = {}

    def see(self, batch: LogBatch) -> None:
        """Looks at the times of a batch, file by file; raises FractionalTimes as `add` does."""
        for part in batch.parts or (batch,):
            self.add(part.where, part.table[self._column.source or self.name].combine_chunks(), part.is_text)

    def add(self, where: str, array: pa.Array, is_text: bool) -> Moments | None:
        """Looks at some times.

        Args:
            where: Their file, for messages.
            array: The column, as it was read.
            is_text: Whether the file is one of text.

        Returns:
            The times; None where there are none, since all are null, or the type is none that holds times.

        Raises:
            FractionalTimes: A bare number has a fraction, and they are not being read as seconds.
        """
        if not takes(self._column, array.type):
            return None
        array = plain_array(array)
        if pa.types.is_null(array.type):
            return None
        found = moments(array, self._column, is_text, self._in_seconds)
        if found.fractions and not self._in_seconds:
            raise FractionalTimes
        for form, there in (("bare", found.bare.any()), ("naive", found.naive), ("zoned", found.zoned)):
            if there:
                self._first.setdefault(form, where)
        if found.bare.any():
            self._count(where, found)
        return found

    def said(self) -> list[dict[str, Any]]:
        """What `hear` takes, in another process."""
        return [self._sizes, self._rows, self._first]

    def hear(self, said: Sequence[Mapping[str, Any]]) -> None:
        """Takes what another one says of the times that follow."""
        sizes, rows, first = said
        for where, counts in sizes.items():
            mine = self._sizes.setdefault(where, dict.fromkeys(_UNITS, 0))
            for unit, count in counts.items():
                mine[unit] += count
            self._rows[where] = self._rows.get(where, 0) + rows[where]
        for form, where in first.items():
            self._first.setdefault(form, where)

    def check(self) -> None:
        """Raises DataError where the times of the log cannot be set beside each other; warns where they may not be."""
        real = self._first.get("naive") or self._first.get("zoned")
        if real and (bare := self._first.get("bare")):
            raise DataError(
                f"{bare}: column `{self.name}` holds bare numbers, whose unit nothing tells, and in {real} times; "
                "write all of them as times"
            )
        units: dict[str, str] = {}
        for where, sizes in self._sizes.items():
            for unit, count in sizes.items():
                if count > _SHARE * self._rows[where]:
                    units.setdefault(unit, where)
        if len(units) > 1:
            (unit, where), (other_unit, other) = list(units.items())[:2]
            raise DataError(
                f"{where}: column `{self.name}` holds numbers of the size of {unit}, and in {other} of "
                f"{other_unit}; bring them to one unit, or write real timestamps"
            )
        if (naive := self._first.get("naive")) and (zoned := self._first.get("zoned")):
            warnings.warn(
                f"column `{self.name}` has times with a zone, as in {zoned}, and without, as in {naive}; the latter "
                f"are taken as {self._column.timezone}, which `timezone` in the schema changes",
                DataWarning,
                stacklevel=2,
            )

    def _count(self, where: str, found: Moments) -> None:
        values = found.brought.values.filter(pa.array(found.bare)).drop_null().to_numpy().astype(np.float64)
        if self._in_seconds:
            values = values / 1e6
        sizes = self._sizes.setdefault(where, dict.fromkeys(_UNITS, 0))
        for unit, smallest in _UNITS.items():
            sizes[unit] += int(((values >= smallest) & (values < _WIDEST * smallest)).sum())
        self._rows[where] = self._rows.get(where, 0) + len(values)
