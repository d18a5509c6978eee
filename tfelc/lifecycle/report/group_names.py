"""The groups of users in the order in which they are read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from tfelc.schema.schema import Schema

# From pure new users to fully active ones, as the paper and the prepared logs call them.
_BY_ACTIVITY = ("PN", "N", "N+LA", "LA", "MA", "HA", "FA")


def in_order(names: Iterable[str]) -> list[str]:
    """The usual groups by activity, then the others: numbers by value, names by letter."""

    def place(name: str) -> tuple[int, float, str]:
        usual = _BY_ACTIVITY.index(name) if name in _BY_ACTIVITY else len(_BY_ACTIVITY)
        return usual, float(name) if name.isdecimal() else math.inf, name

    return sorted(names, key=place)


def group_meanings(schema: Schema) -> str:
    """What the schema says of its group columns, in one line; empty where it says nothing."""
    described: Mapping[str, str | None] = {name: schema.columns[name].description for name in schema.of_kind("group")}
    return "; ".join(f"{name}: {text}" for name, text in described.items() if text)
