"""What the readers make of files."""

from __future__ import annotations

import warnings
from typing import Any

from tfelc.core.data_warning import DataWarning
from tfelc.data.log_source import open_log


def log_rows(source: Any, columns: list[str], **how: Any) -> list[tuple[Any, ...]]:
    """The rows of a log, in order."""
    return [
        tuple(row.values()) for batch in open_log(source, columns, **how).batches() for row in batch.table.to_pylist()
    ]


def told(source: Any, columns: list[str], **how: Any) -> tuple[list[tuple[Any, ...]], list[str]]:
    """The rows, and what is said about them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        rows = log_rows(source, columns, **how)
    return rows, [str(each.message) for each in caught if issubclass(each.category, DataWarning)]
