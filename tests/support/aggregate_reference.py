"""Aggregates row by row in plain Python: slow, and as they are told in docs/schema.md."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tfelc.schema.aggregate import Aggregate

Row = dict[str, Any]
_EPOCH = datetime(1970, 1, 1)
_SECOND, _MINUTE, _DAY = 1_000_000, 60_000_000, 86_400_000_000


def day_of(time: int, zone: str) -> int:
    """Number of the day of a time in microseconds."""
    utc = (_EPOCH + timedelta(microseconds=time)).replace(tzinfo=ZoneInfo("UTC"))
    return (utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - _EPOCH).days


def reference(rows: Sequence[Row], aggregate: Aggregate, zone: str = "UTC") -> list[Any]:
    """The aggregate of each row; `time` is its time in microseconds and `train` whether it is for training."""
    return [_value(row, rows, aggregate, zone) for row in rows]


def _value(row: Row, rows: Sequence[Row], aggregate: Aggregate, zone: str) -> Any:
    if any(row[key] is None for key in aggregate.by):
        return [] if aggregate.compute == "last" else None
    counted = [other for other in rows if _counts(other, aggregate)]
    seen = [
        other
        for other in counted
        if all(other[key] == row[key] for key in aggregate.by) and _is_before(other, row, aggregate, zone)
    ]
    if aggregate.compute == "count":
        return len(seen)
    if aggregate.compute == "distinct":
        return len({other[aggregate.of[0]] for other in seen} - {None})
    if aggregate.compute == "since":
        return (row["time"] - max(other["time"] for other in seen)) / _DAY if seen else None
    if aggregate.compute == "last":
        values = sorted((other["time"], other[aggregate.of[0]]) for other in seen if other[aggregate.of[0]] is not None)
        return [value for _, value in values][-aggregate.size :]
    prior = aggregate.prior
    if aggregate.needs_prior:
        if aggregate.delay == "day":
            earlier = [o for o in counted if day_of(o["time"], zone) < day_of(row["time"], zone)]
        else:
            earlier = [o for o in counted if o["time"] // _DAY < (row["time"] - aggregate.delay * _MINUTE) // _DAY]
        outcomes = _outcomes(earlier, aggregate)
        if not outcomes:
            return None
        prior = sum(outcomes) / len(outcomes)
    outcomes = _outcomes(seen, aggregate)
    if not aggregate.strength:
        return sum(outcomes) / len(outcomes) if outcomes else None
    return (sum(outcomes) + aggregate.strength * prior) / (len(outcomes) + aggregate.strength)


def _counts(row: Row, aggregate: Aggregate) -> bool:
    return (row["train"] or aggregate.rows == "all") and all(row[label] == 1 for label in aggregate.where)


def _is_before(other: Row, row: Row, aggregate: Aggregate, zone: str) -> bool:
    width = math.inf if aggregate.window == "all" else aggregate.window
    if aggregate.delay == "day":
        day = day_of(row["time"], zone)
        return bool(day - width <= day_of(other["time"], zone) < day)
    end = row["time"] - aggregate.delay * _MINUTE
    return bool(end - width * _DAY <= other["time"] < end)


def _outcomes(rows: Sequence[Row], aggregate: Aggregate) -> list[int]:
    """1 where all happened, 0 where one did not; a row of which neither is known is left out."""
    found = []
    for row in rows:
        values = [row[label] for label in aggregate.of]
        if 0 in values:
            found.append(0)
        elif None not in values:
            found.append(1)
    return found
