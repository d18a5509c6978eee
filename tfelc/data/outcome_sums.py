"""Sums of the labels of some rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tfelc.schema.schema import Schema


class OutcomeSums:
    """Counts rows as they pass.

    Args:
        schema: The labels and values.

    Attributes:
        rows: How many there were.
        unknown: Label that need not be known -> in how many rows it is not.
    """

    def __init__(self, schema: Schema) -> None:
        self.rows = 0
        self.unknown = {name: 0 for name in schema.outcomes if name in schema.nullable_labels}
        self._sums: dict[str, float] = dict.fromkeys(schema.outcomes, 0)

    def see(self, rows: pa.Table) -> None:
        """Looks at the next rows, in the schema's types."""
        self.rows += rows.num_rows
        for label in self._sums:
            self._sums[label] += pc.sum(rows[label]).as_py() or 0
        for label in self.unknown:
            self.unknown[label] += rows[label].null_count

    def said(self) -> dict[str, Any]:
        """What `hear` takes, in another process."""
        return {"rows": self.rows, "sums": self._sums, "unknown": self.unknown}

    def hear(self, said: Mapping[str, Any]) -> None:
        """Takes what another one says of other rows."""
        self.rows += said["rows"]
        for mine, more in ((self._sums, said["sums"]), (self.unknown, said["unknown"])):
            for label in mine:
                mine[label] += more[label]

    @property
    def rates(self) -> dict[str, float]:
        """Mean of each label over the rows where it is known, if there are any."""
        known = {label: self.rows - self.unknown.get(label, 0) for label in self._sums}
        return {label: total / known[label] for label, total in self._sums.items() if known[label]}
