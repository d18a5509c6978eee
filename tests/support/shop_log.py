"""A small log of a shop, with lists and times, and what is counted from it."""

import numpy as np
import pyarrow as pa

from tfelc.schema.schema import Schema

SHOP = {
    "name": "shop",
    "user_key": "user",
    "timezone": "Asia/Shanghai",
    "tables": {"item": {}},
    "tasks": {"ctr": {"label": "click"}},
    "columns": {
        "row": {"kind": "id"},
        "user": {"kind": "id", "type": "string"},
        "at": {"kind": "timestamp"},
        "click": {"kind": "label"},
        "item": {"kind": "category", "role": "item", "table": "item"},
        "seen": {"kind": "list", "role": "user", "table": "item"},
        "price": {"kind": "number", "role": "item"},
    },
}
COUNTED = {
    "clicks": {"by": "user", "compute": "count", "where": "click", "window": 7},
    "rate": {"by": "item", "compute": "rate", "of": "click", "delay": 60},
    "latest": {"by": "user", "compute": "last", "of": "item", "length": 3, "window": 5, "delay": 10},
}


def shop_log(rows=600):
    """Clicks of 40 users on 30 items, in no order of time."""
    random = np.random.default_rng(0)
    return pa.table(
        {
            "row": np.arange(rows),
            "user": pa.array([f"u{number}" for number in random.integers(0, 40, rows)]),
            "at": 1_700_000_000 + random.permutation(rows) * 1_500,
            "click": random.integers(0, 2, rows),
            "item": pa.array([None if number % 11 == 0 else f"i{number % 30}" for number in range(rows)]),
            "seen": [[f"i{number % 7}", None, "new"][: number % 4] for number in range(rows)],
            "price": random.normal(size=rows),
        }
    )


def shop(by="time", **changes):
    """Their schema, with another way to split, and with other keys at its top."""
    return Schema.parse({**SHOP, "split": {"by": by, "validation": 0.2, "test": 0.2}, **changes}, "shop")
