"""How far an epoch is, how fast, and how long it still takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tfelc.core.watched_console import is_watched


class EpochProgress:
    """A progress bar over an epoch's rows, with rows/s and time left; silent where nobody watches.

    Args:
        console: Where to draw. One that is neither a terminal nor a notebook gets no bar.
        units: Rows or samples of an epoch.
        epochs: Epochs of the run.
        batch_size: Rows or samples of a step.
        unit: What they are called. Defaults to `rows`.
    """

    def __init__(self, console: Console, units: int, epochs: int, batch_size: int, unit: str = "rows") -> None:
        self._console = console
        self._units = units
        self._epochs = epochs
        self._batch_size = batch_size
        self._unit = unit
        self._progress: Progress | None = None
        self._shown_at = 0.0

    def open(self, epoch: int, step: int = 0) -> None:
        """Draws the bar of an epoch, from 0, of which so many steps are done."""
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(f"{self._unit}  {{task.fields[rate]}} {self._unit}/s "),
            TimeRemainingColumn(compact=True),
            TextColumn("loss {task.fields[loss]}"),
            console=self._console,
            disable=not is_watched(self._console),
            transient=True,
        )
        self._bar = self._progress.add_task(
            "", total=self._units, completed=self._done(step), epoch=f"{epoch + 1}/{self._epochs}", rate="-", loss="-"
        )
        self._progress.start()

    def update(self, step: int, losses: Callable[[], Mapping[str, float]]) -> None:
        """Moves the bar to so many steps; the losses are only asked for about once a second, by whoever watches."""
        assert self._progress is not None
        if not is_watched(self._console):
            return
        self._progress.update(self._bar, completed=self._done(step))
        speed = self._progress.tasks[0].speed
        if speed and time.monotonic() - self._shown_at > 1:
            self._progress.update(self._bar, rate=f"{speed:,.0f}", loss=f"{losses()['loss']:.4f}")
            self._shown_at = time.monotonic()

    def close(self) -> None:
        """Takes the bar away, also after an error."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _done(self, step: int) -> int:
        return min(step * self._batch_size, self._units)
