"""Rows whose outcome and whose time of it do not fit each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from tfelc.data.delays.event_lags import EventLags
from tfelc.data.values.brought import Fault
from tfelc.data.values.masks import mask_of
from tfelc.schema.schema import Schema


def misplaced_events(arrays: Mapping[str, pa.Array], schema: Schema, where: str) -> Iterator[tuple[str, Fault]]:
    """Outcomes without a time, times without an outcome, and outcomes that came before their rows.

    Args:
        arrays: The columns by name, in their types; what is not among them is passed over.
        schema: The columns.
        where: Where the rows come from, for the messages.

    Returns:
        Name of a column, and the rows at fault.

    Raises:
        DataError: The times of a column lie between 1990 and 2100 in no unit.
    """
    timestamp = next(iter(schema.of_kind("timestamp")), "")
    for label, delay in schema.delays.items():
        if delay.event_time not in arrays:
            continue
        events = arrays[delay.event_time]
        if label in arrays:
            happened = mask_of(pc.equal(arrays[label], 1))
            came = mask_of(events.is_valid())
            if (bad := happened & ~came).any():
                yield delay.event_time, Fault(bad, f"an event_time must not be null where `{label}` is 1")
            if (bad := came & ~happened).any():
                yield delay.event_time, Fault(bad, f"an event_time must be null where `{label}` is not 1")
        if timestamp in arrays:
            found = EventLags.of(arrays[timestamp], events, where, (timestamp, delay.event_time))
            if (bad := found.lags < 0).any():
                yield delay.event_time, Fault(bad, f"`{label}` cannot have come before `{timestamp}`, the row's time")
