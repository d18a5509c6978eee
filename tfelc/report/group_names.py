"""The groups of users by their usual names, from the newest to the most active."""

from __future__ import annotations

import math
from collections.abc import Iterable

_MEANING = {
    "PN": "pure new users",
    "N": "new users",
    "N+LA": "new users and those of low activity",
    "LA": "low activity",
    "MA": "medium activity",
    "HA": "high activity",
    "FA": "full activity",
}


def in_order(names: Iterable[str]) -> list[str]:
    """The paper's groups by activity, then the others: numbers by value, names by letter."""
    usual = list(_MEANING)

    def place(name: str) -> tuple[int, float, str]:
        return (
            usual.index(name) if name in usual else len(usual),
            float(name) if name.isdecimal() else math.inf,
            name,
        )

    return sorted(names, key=place)


def meaning(names: Iterable[str]) -> str:
    """What the usual names among these stand for, in one line; empty where there are none."""
    return "; ".join(f"{name}: {_MEANING[name]}" for name in in_order(set(names)) if name in _MEANING)
