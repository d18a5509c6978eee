"""What a job would write as a table for the terminal."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from rich.box import SIMPLE
from rich.table import Table

_MOST_VALUES = 5


def rows_table(rows: pa.Table) -> Table:
    """Some rows as they would be written; of a list, such as a user's best items, the first values.

    Args:
        rows: The rows.
    """
    table = Table(*rows.column_names, box=SIMPLE, title=f"the first {len(rows)} rows")
    for row in rows.to_pylist():
        table.add_row(*(_first_values(value) if isinstance(value, list) else _shown(value) for value in row.values()))
    return table


def _first_values(values: list[Any]) -> str:
    words = [_shown(value) for value in values[:_MOST_VALUES]]
    return ", ".join([*words, "..."] if len(values) > _MOST_VALUES else words)


def _shown(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
