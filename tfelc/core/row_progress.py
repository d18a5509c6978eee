"""The progress bar of whatever goes over rows."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from tfelc.core.live_progress import LiveProgress


class RowProgress:
    """Rows done, rows per second and the time left, on standard error; nothing where nobody watches.

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
        self._bar = LiveProgress(Console(stderr=True), columns, shown)
        self._total = total

    def advance(self, rows: int) -> None:
        """So many more rows are done."""
        self._bar.advance(rows)

    def update(self, done: int, total: int | None) -> None:
        """So many rows are done, of so many."""
        self._bar.update(completed=done, total=total)

    def __enter__(self) -> Self:
        """Draws the bar."""
        self._bar.start(self._total)
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
