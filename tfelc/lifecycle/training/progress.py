"""How far an epoch is, how fast, and how long it still takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from tfelc.core.live_progress import LiveProgress

# Seconds between two lines where nothing can be drawn that goes away again.
_LINE_SECONDS = 30.0


class EpochProgress:
    """A progress bar over an epoch's rows, with rows/s and time left; where nobody watches, a line now and then.

    Args:
        console: Where to draw. A pipe, as the log of a job, gets a line each half a minute in place of a bar; a quiet
            console gets nothing.
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
        self._progress: LiveProgress | None = None
        self._name, self._from = "", 0
        self._shown_at = self._opened_at = self._said_at = 0.0

    def open(self, epoch: int, step: int = 0) -> None:
        """Draws the bar of an epoch, from 0, of which so many steps are done."""
        columns = (
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(f"{self._unit}  {{task.fields[rate]}} {self._unit}/s "),
            TimeRemainingColumn(compact=True),
            TextColumn("loss {task.fields[loss]}"),
        )
        self._progress = LiveProgress(self._console, columns)
        self._name, self._from = f"{epoch + 1}/{self._epochs}", self._done(step)
        self._opened_at = self._said_at = time.monotonic()
        self._progress.start(self._units, self._from, epoch=self._name, rate="-", loss="-")

    def update(self, step: int, losses: Callable[[], Mapping[str, float]]) -> None:
        """Moves the bar to so many steps; the losses are asked for about once a second, or for a line."""
        assert self._progress is not None
        if not self._progress.is_watched:
            return self._say(self._done(step), losses)
        self._progress.update(completed=self._done(step))
        speed = self._progress.speed
        if speed and time.monotonic() - self._shown_at > 1:
            self._progress.update(rate=f"{speed:,.0f}", loss=f"{losses()['loss']:.4f}")
            self._shown_at = time.monotonic()

    def close(self) -> None:
        """Takes the bar away, also after an error."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _say(self, done: int, losses: Callable[[], Mapping[str, float]]) -> None:
        now = time.monotonic()
        if self._console.quiet or now - self._said_at < _LINE_SECONDS:
            return
        self._said_at = now
        rate = (done - self._from) / (now - self._opened_at)
        self._console.print(
            f"epoch {self._name}: {done:,} of {self._units:,} {self._unit}, {rate:,.0f} {self._unit}/s, "
            f"loss {losses()['loss']:.4f}",
            highlight=False,
            soft_wrap=True,
        )

    def _done(self, step: int) -> int:
        return min(step * self._batch_size, self._units)
