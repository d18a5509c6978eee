"""Columns that hold one value, or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

_FIRST_LOOK = 256


class ConstantColumns:
    """Sees rows as they pass; a column that varies is not looked at again, so that most cost one look.

    Args:
        names: Columns to look at. A list counts by whether it is empty.
    """

    def __init__(self, names: Iterable[str]) -> None:
        # Column -> its one value so far, None for none.
        self._values: dict[str, object] = dict.fromkeys(names)
        self._seen: set[str] = set()

    def see(self, rows: pa.Table) -> None:
        """Looks at the next rows."""
        for name in list(self._values):
            column = rows[name]
            if pa.types.is_list(column.type):
                # An empty list is no value, and one that holds something is no constant.
                if pc.max(pc.list_value_length(column)).as_py():
                    del self._values[name]
                continue
            before = {self._values[name]} if name in self._seen else set()
            self._seen.add(name)
            # The first rows tell nearly always, and cost nothing.
            if len(before | self._distinct(column.slice(0, _FIRST_LOOK))) > 1:
                del self._values[name]
            elif len(found := before | self._distinct(column)) > 1:
                del self._values[name]
            else:
                (self._values[name],) = found

    def said(self) -> dict[str, list[object]]:
        """What `hear` takes, in another process: each column that does not vary, its value, and whether it has rows."""
        return {name: [value, name in self._seen] for name, value in self._values.items()}

    def hear(self, said: Mapping[str, Sequence[object]]) -> None:
        """Takes what another one says of the rows that follow."""
        for name in list(self._values):
            if name not in said:
                del self._values[name]
                continue
            value, seen = said[name]
            if not seen:
                continue
            if name in self._seen and self._values[name] != value:
                del self._values[name]
            else:
                self._values[name] = value
                self._seen.add(name)

    def without_value(self) -> list[str]:
        """The columns that hold nothing."""
        return [name for name, value in self._values.items() if value is None]

    def of_one_value(self) -> list[str]:
        """The columns that hold one value in every row."""
        return [name for name, value in self._values.items() if value is not None]

    @staticmethod
    def _distinct(column: pa.ChunkedArray) -> set[object]:
        """Two values at most; a NaN is none."""
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), None, column)
        return set(pc.unique(column).slice(0, 2).to_pylist())
