"""A log whose orders come days after their clicks, observed until its last row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tfelc.schema.schema import Schema

DAY = 86_400
BEGIN = 1_700_000_000


def late_schema(immature: str = "drop", **changes: Any) -> Schema:
    """Clicks, and orders within 7 days after them; other keys at the top as they are given."""
    delay = {"event_time": "ordered_at", "window": 7, "immature": immature}
    content = {
        "name": "late",
        "user_key": "user",
        "split": {"by": "user", "validation": 0.2, "test": 0.2},
        "tasks": {
            "ctr": {"label": "click"},
            "cvr": {"label": "order", "conditioned_on": "ctr", "joint": "ctcvr", "delay": delay},
        },
        "columns": {
            "time": {"kind": "timestamp"},
            "click": {"kind": "label"},
            "order": {"kind": "label"},
            "ordered_at": {"kind": "event_time"},
            "user": {"kind": "id"},
            "visits": {"kind": "number", "role": "activity"},
            "price": {"kind": "number", "role": "item"},
        },
    }
    return Schema.load(content | changes)


def late_log(rows: int = 4000, days: int = 14, seed: int = 0) -> pd.DataFrame:
    """Rows in the order of their times; some are clicked, half of those ordered, some too late."""
    random = np.random.default_rng(seed)
    time = BEGIN + np.sort(random.integers(0, days * DAY, rows))
    price = random.normal(size=rows)
    click = random.random(rows) < 0.4
    order = click & (random.random(rows) < 1 / (1 + np.exp(-price)))
    ordered = time + random.exponential(3 * DAY, rows).astype(np.int64)
    seen = order & (ordered <= time[-1])
    return pd.DataFrame(
        {
            "time": time,
            "click": click.astype(int),
            "order": seen.astype(int),
            "ordered_at": pd.array(np.where(seen, ordered, 0), "Int64").copy(),
            "user": random.integers(0, 150, rows),
            "visits": random.normal(size=rows),
            "price": price,
        }
    ).assign(ordered_at=lambda frame: frame["ordered_at"].mask(~seen))
