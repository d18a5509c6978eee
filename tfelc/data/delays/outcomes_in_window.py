"""Labels that come late, by the window that they are waited for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.delays.event_lags import EventLags
from tfelc.schema.delay import Delay
from tfelc.schema.schema import Schema


def lags_of(rows: pa.Table, schema: Schema, delay: Delay, where: str) -> EventLags:
    """How long after its row each outcome came.

    Args:
        rows: Rows in the schema's types.
        schema: The columns.
        delay: Of what label.
        where: Where the rows come from, for the messages.
    """
    (timestamp,) = schema.of_kind("timestamp")
    times, events = (rows[name].combine_chunks() for name in (timestamp, delay.event_time))
    return EventLags.of(times, events, where, (timestamp, delay.event_time))


def with_outcomes(
    rows: pa.Table, label: str, delay: Delay, found: EventLags, known: NDArray[np.bool_] | None = None
) -> pa.Table:
    """The rows with a label that is 1 where the outcome came within the window, else 0.

    Args:
        rows: Rows in the schema's types.
        label: The label.
        delay: How long it is waited for.
        found: When it came.
        known: Where it is known, `(rows,)`; it is null elsewhere. Defaults to None: everywhere.
    """
    came = (found.came & (found.lags <= delay.microseconds)).astype(np.int8)
    values = pa.array(came, mask=None if known is None else ~known)
    return rows.set_column(rows.column_names.index(label), rows.schema.field(label), values)


def in_window(rows: pa.Table, schema: Schema, where: str) -> pa.Table:
    """The rows with all labels that come late so, as far as they have come by the end of the log.

    Args:
        rows: Rows in the schema's types.
        schema: The columns.
        where: Where the rows come from, for the messages.
    """
    for label, delay in schema.delays.items():
        if label in rows.column_names:
            rows = with_outcomes(rows, label, delay, lags_of(rows, schema, delay, where))
    return rows
