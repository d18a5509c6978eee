"""Whether somebody watches what is drawn."""

from __future__ import annotations

from importlib.util import find_spec

from rich.console import Console


def is_watched(console: Console) -> bool:
    """Whether a bar that moves can be drawn: on a terminal, or in a notebook that has ipywidgets."""
    return console.is_terminal or (console.is_jupyter and find_spec("ipywidgets") is not None)
