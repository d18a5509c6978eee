"""Numbers as they are written in tables and sentences."""

from __future__ import annotations


def number(value: float | None, signed: bool = False) -> str:
    """Four decimals; a dash for what is not defined."""
    if value is None or value != value:
        return "–"
    return f"{value:+.4f}" if signed else f"{value:.4f}"


def percent(value: float | None) -> str:
    """A signed percentage with two decimals; a dash for what is not defined."""
    return "–" if value is None or value != value else f"{value:+.2%}"
