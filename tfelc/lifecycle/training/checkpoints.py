"""When a run is saved, and how it goes on from there."""

from __future__ import annotations

import time
from typing import Any

import keras

from tfelc.lifecycle.training.checkpoint import load_checkpoint, save_checkpoint
from tfelc.lifecycle.training.run_folder import RunFolder
from tfelc.ranker.training.multi_task_trainer import MultiTaskTrainer


class Checkpoints(keras.callbacks.Callback):
    """Saves everything a run needs to go on exactly: inside an epoch every so often, and when told at its end.

    What is restored includes the running means of the epoch's losses, so that the log of a resumed run reads as if it
    had not stopped.

    Args:
        run: Where to save.
        trainer: What to save.
        seconds: Time between two saves inside an epoch; 0 saves after every execution.
        state: JSON content of the run so far (history, best value), changed in place by its owner.
    """

    def __init__(self, run: RunFolder, trainer: MultiTaskTrainer, seconds: float, state: dict[str, Any]) -> None:
        super().__init__()
        self._run = run
        self._trainer = trainer
        self._seconds = seconds
        self._state = state
        self._epoch = 0
        self._start_step = 0
        self._saved_at = 0.0
        self._restored_metrics: list[Any] | None = None

    def restore(self) -> tuple[int, int]:
        """Fills the trainer from the last checkpoint.

        Returns:
            Epoch and step to go on from.
        """
        saved = load_checkpoint(self._run.last, self._groups())
        self._state.update(saved["run"])
        self._restored_metrics = [v.numpy() for v in self._trainer.metrics_variables]
        return saved["epoch"], saved["step"]

    def start_at(self, step: int) -> None:
        """Says from which step the next epoch goes on."""
        self._start_step = step

    def save(self, epoch: int, step: int) -> None:
        """Saves with the position (epoch, step) as the next to be trained."""
        save_checkpoint(self._run.last, self._groups(), {"epoch": epoch, "step": step, "run": self._state})
        self._saved_at = time.monotonic()

    def save_best(self) -> None:
        """Saves the weights alone, as the best so far."""
        save_checkpoint(self._run.best, {"ranker": self._trainer.ranker.variables}, {})

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Puts the restored running means back, which `fit` has just reset."""
        self._epoch = epoch
        self._saved_at = time.monotonic()
        if self._start_step and self._restored_metrics is not None:
            for variable, value in zip(self._trainer.metrics_variables, self._restored_metrics, strict=True):
                variable.assign(value)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Saves when it is time; the last execution of an epoch may name a step past its end."""
        if time.monotonic() - self._saved_at >= self._seconds:
            self.save(self._epoch, self._start_step + min(batch + 1, self.params["steps"]))

    def _groups(self) -> dict[str, Any]:
        trainer = self._trainer
        return {
            "ranker": trainer.ranker.variables,
            "balance": trainer.balance.variables,
            "optimizer": trainer.optimizer.variables,
            "tables_optimizer": trainer.tables_optimizer.variables,
            "metrics": trainer.metrics_variables,
        }
