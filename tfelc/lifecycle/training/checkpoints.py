"""When a run is saved, and how it goes on from there."""

from __future__ import annotations

import time
from typing import Any

from tfelc.core.errors import RunError
from tfelc.lifecycle.run import Run
from tfelc.lifecycle.training.checkpoint import load_checkpoint, save_checkpoint
from tfelc.lifecycle.training.trainable import Trainable
from tfelc.lifecycle.training.training_history import TrainingHistory


class Checkpoints:
    """Saves everything a run needs to go on exactly: inside an epoch every so often, and when told at its end.

    What is restored includes the running means of the epoch's losses, so that the log of a resumed run reads as if it
    had not stopped.

    Args:
        run: Where to save.
        trainable: What to save.
        seconds: Time between two saves inside an epoch; 0 saves after every step.
    """

    def __init__(self, run: Run[Any], trainable: Trainable, seconds: float) -> None:
        self._run = run
        self._trainable = trainable
        self._seconds = seconds
        self._saved_at = 0.0

    def start_epoch(self) -> None:
        """Begins to count the time to the first save inside an epoch."""
        self._saved_at = time.monotonic()

    def are_due(self) -> bool:
        """Whether it is time to save inside an epoch."""
        return time.monotonic() - self._saved_at >= self._seconds

    def save(self, epoch: int, step: int, history: TrainingHistory) -> None:
        """Saves with the position (epoch, step) as the next to be trained."""
        state = {
            "epoch": epoch,
            "step": step,
            "run": history.to_json(),
            "trainable": self._trainable.checkpoint_state(),
        }
        save_checkpoint(self._run.last, self._trainable.checkpoint_variables(), state)
        self._saved_at = time.monotonic()

    def restore(self) -> tuple[int, int, TrainingHistory]:
        """Fills the variables from the last checkpoint.

        Returns:
            Epoch and step to go on from, and the epochs before.

        Raises:
            RunError: It is missing, damaged, or belongs to another model or an earlier version.
        """
        saved = load_checkpoint(self._run.last, self._trainable.checkpoint_variables())
        if "trainable" not in saved:
            raise RunError(
                f"{self._run.last}: saved by an earlier version of tfelc, and this one cannot go on from there; the "
                "run's best weights can still be used, or train again in another `run`",
                ["run"],
            )
        self._trainable.restore_state(saved["trainable"])
        return saved["epoch"], saved["step"], TrainingHistory.from_json(saved["run"])

    def save_best(self) -> None:
        """Saves the weights alone, as the best so far."""
        save_checkpoint(self._run.best, self._trainable.best_variables(), {})

    def restore_best(self) -> None:
        """Fills the weights with the best."""
        load_checkpoint(self._run.best, self._trainable.best_variables())
