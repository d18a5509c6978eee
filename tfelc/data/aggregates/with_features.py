"""Rows of a log with the columns that were computed of it."""

from __future__ import annotations

import pyarrow as pa

from tfelc.data.contract import conform
from tfelc.schema.schema import Schema


def with_features(rows: pa.Table, features: pa.Table, schema: Schema) -> pa.Table:
    """Both tables' columns, in the schema's types and order.

    Args:
        rows: Rows of the log, in the schema's types.
        features: The same rows' computed columns, as an engine gives them.
        schema: The log's columns, and those that are computed.
    """
    computed = conform(features, schema.only(features.column_names), "aggregates")
    both = {name: table[name] for table in (rows, computed) for name in table.column_names}
    order = list(schema.columns)
    return pa.table({name: both[name] for name in sorted(both, key=order.index)})
