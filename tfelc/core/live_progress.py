"""A progress bar wherever somebody watches: on a terminal or in a notebook."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.progress import Progress, ProgressColumn

from tfelc.core.notebook_line import NotebookLine

# Seconds between two drawings in a notebook, each of which is a message to the browser.
_PAUSE = 0.25


class LiveProgress:
    """A bar that goes when it is done; nothing is drawn where nobody watches, as in a pipe.

    Args:
        console: Console. Where to draw.
        columns: Sequence of ProgressColumn. What the bar consists of.
        shown: bool. Whether to draw it at all. Defaults to True.

    Attributes:
        is_watched: Whether it is drawn.
    """

    def __init__(self, console: Console, columns: Sequence[ProgressColumn], shown: bool = True) -> None:
        shown = shown and not console.quiet
        self.is_watched = shown and (console.is_terminal or console.is_jupyter)
        self._line = NotebookLine() if shown and console.is_jupyter else None
        on_terminal = self.is_watched and self._line is None
        self._progress = Progress(*columns, console=console, transient=True, disable=not on_terminal)

    def start(self, total: float | None, completed: float = 0, **fields: Any) -> None:
        """Draws the bar.

        Args:
            total: What there is to be done, None where it is not known.
            completed: What is done of it. Defaults to 0.
            **fields: What the columns show beside.
        """
        self._task = self._progress.add_task("", total=total, completed=int(completed), **fields)
        self._progress.start()
        self.refresh()

    def advance(self, done: float) -> None:
        """So much more is done."""
        self._progress.advance(self._task, done)
        self._draw()

    def update(self, **fields: Any) -> None:
        """Sets `completed`, `total`, or what the columns show beside."""
        self._progress.update(self._task, **fields)
        self._draw()

    @property
    def speed(self) -> float | None:
        """What is done in a second, None where it is not known yet."""
        return self._progress.tasks[0].speed

    def refresh(self) -> None:
        """Draws now what would be drawn in a moment."""
        self._drawn_at = time.monotonic()
        if self._line is None:
            self._progress.refresh()
        else:
            self._line.show(self._progress.make_tasks_table(self._progress.tasks))

    def stop(self) -> None:
        """Takes the bar away."""
        self._progress.stop()
        if self._line is not None:
            self._line.clear()

    def _draw(self) -> None:
        # A terminal's bar is drawn by a thread of rich's own.
        if self._line is not None and time.monotonic() - self._drawn_at > _PAUSE:
            self.refresh()
