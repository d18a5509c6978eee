"""The latest state of each key: what a row of the next day would see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tfelc.core.atomic_files import write_text
from tfelc.core.json_text import json_text
from tfelc.data.aggregates.clock import DAY
from tfelc.data.aggregates.log_aggregates import LogAggregates
from tfelc.data.aggregates.sql import state_query
from tfelc.data.contract import arrow_type
from tfelc.schema.aggregate import Aggregate

STATE_FILE = "state.json"


def write_state(aggregation: LogAggregates, folder_of: Callable[[str], Path]) -> None:
    """Writes `state/` beside the splits: the state at the begin of the day after the last row of the log.

    For each key there is a Parquet file with one row for each of its values: the key's columns and those of its
    aggregates. `since` is there as the time of the latest row itself, in the unit of the log. `state.json` says what
    holds for a value that is in none of them.

    Args:
        aggregation: The aggregates of a log, all rows of which have been added.
        folder_of: Makes a folder of a name beside the splits. Without aggregates nothing is written.
    """
    if not aggregation.aggregates:
        return
    folder = folder_of("state")
    aggregates, schema = aggregation.aggregates, aggregation.schema
    aggregation.compute()  # Which the priors are worked out with.
    (last,) = aggregation.fetch("SELECT max(day) AS day FROM log")["day"].to_pylist()
    day, begin = last + 1, aggregation.clock.begin(last + 1)
    priors = _priors(aggregation, day, begin)
    names = {f"f{number}": name for number, name in enumerate(aggregates)}
    files = {}
    for by, group in aggregation.groups().items():
        path = folder / f"{'+'.join(by)}.parquet"
        table = _state(aggregation, group, day, begin, priors)
        fields = [pa.field(name, arrow_type(schema.columns[name])) for name in by]
        for short, aggregate in group.items():
            kind = pa.int64() if aggregate.compute == "since" else arrow_type(schema.columns[names[short]])
            fields.append(pa.field(names[short], kind))
        pq.write_table(table.rename_columns([field.name for field in fields]).cast(pa.schema(fields)), path,
                       compression="zstd", write_page_checksum=True)  # fmt: skip
        files[path.name] = list(by)
    content = {
        "format": 1,
        "as_of": str(np.datetime64(day, "D")),
        "begins": aggregation.clock.raw(begin),
        "unit": aggregation.clock.unit,
        "timezone": schema.timezone,
        "files": files,
        "unseen": {names[short]: _unseen(one, priors.get(short)) for short, one in _all(aggregation).items()},
        "aggregates": {name: aggregate.model_dump(mode="json") for name, aggregate in aggregates.items()},
    }
    write_text(folder / STATE_FILE, json_text(content) + "\n")


def _state(
    aggregation: LogAggregates, group: Mapping[str, Aggregate], day: int, begin: int, priors: Mapping[str, float]
) -> pa.Table:
    """Keys in their order, and the columns of the group in its order."""
    table = aggregation.fetch(state_query(group, aggregation.names, day, begin, priors, aggregation.dialect))
    for short, aggregate in group.items():
        if aggregate.compute == "since":
            raw = [None if time is None else aggregation.clock.raw(time) for time in table[short].to_pylist()]
            table = table.set_column(table.column_names.index(short), short, pa.array(raw, pa.int64()))
    return table


def _priors(aggregation: LogAggregates, day: int, begin: int) -> dict[str, float]:
    found = {}
    for short, prior in aggregation.priors.items():
        rate = prior.at(day if _all(aggregation)[short].delay == "day" else begin // DAY)
        if rate is not None:
            found[short] = rate
    return found


def _all(aggregation: LogAggregates) -> dict[str, Aggregate]:
    return {short: aggregate for group in aggregation.groups().values() for short, aggregate in group.items()}


def _unseen(aggregate: Aggregate, prior: float | None) -> Any:
    """What holds for a value of the key that was never seen; None for a missing number, and for an empty list."""
    if aggregate.compute in ("count", "distinct"):
        return 0
    if aggregate.compute == "rate" and aggregate.strength:
        return prior if aggregate.prior is None else aggregate.prior
    return None
