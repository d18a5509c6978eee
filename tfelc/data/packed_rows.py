"""Rows as text, for what can carry nothing else."""

from __future__ import annotations

import base64

import pyarrow as pa


def packed(rows: pa.Table) -> str:
    """Rows as a line of text.

    Args:
        rows: The rows; not more than a message may hold.

    Example:
        >>> unpacked(packed(pa.table({"user": ["ann", None]})))["user"].to_pylist()
        ['ann', None]
    """
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return base64.b64encode(sink.getvalue()).decode("ascii")


def unpacked(text: str) -> pa.Table:
    """The rows that `packed` has made a text of."""
    with pa.ipc.open_stream(base64.b64decode(text)) as reader:
        return reader.read_all()
