"""The few figures that a page begins with."""

from __future__ import annotations

from collections.abc import Sequence

from tfelc.lifecycle.report.markup import Markup, escaped


def headline(figures: Sequence[tuple[str, str, str]]) -> Markup:
    """Large figures, side by side.

    Args:
        figures: What each is of, its value, and a word on it, such as its interval.
    """
    parts = "".join(
        f"<div><dt>{escaped(name)}</dt><dd>{escaped(value)}</dd><dd class='note'>{escaped(word)}</dd></div>"
        for name, value, word in figures
    )
    return Markup(f"<dl class='headline'>{parts}</dl>")
