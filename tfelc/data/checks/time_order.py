"""Rows that are earlier than the row before them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa


class TimeOrder:
    """Sees the times of rows as they pass.

    Args:
        name: The column of the times; None for none.

    Attributes:
        late: Rows that are earlier than the one before.
    """

    def __init__(self, name: str | None) -> None:
        self._name = name
        self.late = 0
        self._first: int | None = None
        self._last: int | None = None

    def see(self, rows: pa.Table) -> None:
        """Looks at the next rows, in the schema's types."""
        if self._name is None or not len(rows):
            return
        times = rows[self._name].to_numpy()
        self._follow(int(times[0]), int(times[-1]), int(np.count_nonzero(np.diff(times) < 0)))

    def said(self) -> list[Any]:
        """What `hear` takes, in another process."""
        return [self._first, self._last, self.late]

    def hear(self, said: list[Any]) -> None:
        """Takes what another one says of the rows that follow."""
        first, last, late = said
        if first is not None:
            self._follow(first, last, late)

    def _follow(self, first: int, last: int, late: int) -> None:
        self.late += late + (self._last is not None and first < self._last)
        self._first = first if self._first is None else self._first
        self._last = last
