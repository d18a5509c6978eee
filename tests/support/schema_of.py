"""Schemas for tests that need a few columns only."""

from typing import Any

from tfelc.schema.schema import Schema


def schema_of(columns: dict[str, dict[str, Any]], **others: Any) -> Schema:
    """A schema of these columns, beside a label `y` and its task `t`; `others` are further keys of the YAML."""
    whole = {"name": "test", "tasks": {"t": {"label": "y"}}, "columns": {"y": {"kind": "label"}, **columns}, **others}
    return Schema.parse(whole, "test")
