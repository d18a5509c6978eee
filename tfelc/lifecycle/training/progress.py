"""How far an epoch is, how fast, and how long it still takes."""

from __future__ import annotations

import time
from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class EpochProgress(keras.callbacks.Callback):
    """A progress bar over an epoch's rows, with rows/s and time left; silent where nobody watches.

    Args:
        console: Where to draw. A console that is no terminal gets no bar.
        rows: Rows of an epoch.
        epochs: Epochs of the run.
        batch_size: Rows of a step.
        unit: What a row is. Defaults to `rows`.
    """

    def __init__(self, console: Console, rows: int, epochs: int, batch_size: int, unit: str = "rows") -> None:
        super().__init__()
        self._unit = unit
        self._console = console
        self._rows = rows
        self._epochs = epochs
        self._batch_size = batch_size
        self._progress: Progress | None = None
        self._first_row = 0
        self._shown_at = 0.0

    def start_at(self, step: int) -> None:
        """Says from which step the next epoch goes on."""
        self._first_row = step * self._batch_size

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Opens the bar."""
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(f"{self._unit}  {{task.fields[rate]}} {self._unit}/s "),
            TimeRemainingColumn(compact=True),
            TextColumn("loss {task.fields[loss]}"),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )
        self._bar = self._progress.add_task(
            "", total=self._rows, completed=self._first_row, epoch=f"{epoch + 1}/{self._epochs}", rate="-", loss="-"
        )
        self._progress.start()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Moves the bar; the loss is only fetched about once a second."""
        assert self._progress is not None
        self._progress.update(self._bar, completed=min(self._first_row + (batch + 1) * self._batch_size, self._rows))
        task = self._progress.tasks[0]
        if self._console.is_terminal and task.speed and time.monotonic() - self._shown_at > 1:
            self._progress.update(self._bar, rate=f"{task.speed:,.0f}", loss=f"{float((logs or {})['loss']):.4f}")
            self._shown_at = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Closes the bar."""
        self.close()

    def close(self) -> None:
        """Closes the bar, also after an error."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
        self._first_row = 0
