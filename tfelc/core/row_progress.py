"""The progress bar of every command that goes over rows."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from tfelc.core.watched_console import is_watched


class RowProgress:
    """Rows done, rows per second and the time left, on standard error; nothing where that is no terminal.

    Args:
        total: Rows in all. Defaults to None: not known yet.
        unit: What a row is called. Defaults to `rows`.
        shown: Whether to draw it. Defaults to True.

    Example:
        >>> with RowProgress(total=100) as bar:
        ...     bar.advance(40)
    """

    def __init__(self, total: int | None = None, unit: str = "rows", shown: bool = True) -> None:
        done = TextColumn(f"{{task.completed:,.0f}} {unit}")
        columns = (done, BarColumn(), _Speed(unit), TimeRemainingColumn())
        console = Console(stderr=True)
        self._bar = Progress(*columns, console=console, transient=True, disable=not (shown and is_watched(console)))
        self._task = self._bar.add_task("", total=total)

    def advance(self, rows: int) -> None:
        """So many more rows are done."""
        self._bar.advance(self._task, rows)

    def update(self, done: int, total: int | None) -> None:
        """So many rows are done, of so many."""
        self._bar.update(self._task, completed=done, total=total)

    def __enter__(self) -> Self:
        """Draws the bar."""
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Takes the bar away."""
        self._bar.stop()


class _Speed(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} {self._unit}/s" if task.speed else "")
