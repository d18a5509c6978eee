"""One training run, from the first epoch to the best weights."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, Generic, TypeVar

from rich.console import Console

from tfelc.core.errors import RunError
from tfelc.core.folder_lock import FolderLock
from tfelc.core.step_status import step_status
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.run import Run
from tfelc.lifecycle.settings.training import TrainingSettings
from tfelc.lifecycle.training.checkpoints import Checkpoints
from tfelc.lifecycle.training.early_stopping import WatchedMetric
from tfelc.lifecycle.training.enough_memory import enough_memory
from tfelc.lifecycle.training.health import collapse_warning, health_line
from tfelc.lifecycle.training.progress import EpochProgress
from tfelc.lifecycle.training.tensor_board_log import TensorBoardLog
from tfelc.lifecycle.training.threads import threads_warning
from tfelc.lifecycle.training.trainable import Trainable
from tfelc.lifecycle.training.training_history import TrainingHistory

TrainableT = TypeVar("TrainableT", bound=Trainable)


class TrainingLoop(Generic[TrainableT]):
    """Trains a model of any kind, epoch by epoch, and keeps the weights that do best on the validation split.

    Stopped at any moment, it goes on from the last checkpoint to the same end, to the bit. Where several workers train
    together, each has a loop: the chief's measures, decides and writes, and the others do as it does.

    Args:
        run: Run. The run's folder.
        trainable: Trainable. The model with its data and optimizers, freshly made.
        settings: TrainingSettings. Epochs, patience, and how often to save.
        watched: WatchedMetric. The validation metric that decides.
        console: Console. Where progress goes.

    Attributes:
        run: The run's folder.
        trainable: What is trained; it has the best weights once `train` is through.
        watched: The validation metric that decides.
        history: What each epoch came to.
    """

    def __init__(
        self,
        run: Run[Any],
        trainable: TrainableT,
        settings: TrainingSettings,
        watched: WatchedMetric,
        console: Console,
    ) -> None:
        self.run = run
        self.trainable = trainable
        self.watched = watched
        self.history = TrainingHistory()
        self._settings = settings
        self._console = console
        self._checkpoints = Checkpoints(run, trainable, settings.checkpoint_seconds)
        # What is to be trained next; None before the weights are initialized.
        self._position: tuple[int, int] | None = None
        self._counted_to = 0.0

    def resume(self) -> None:
        """Takes up where the run was stopped, exactly from its last checkpoint.

        A run that was stopped before its first one begins again, which comes to the same.

        Raises:
            RunError: The checkpoint is missing or damaged, or another process trains the run.
        """
        workers = self.trainable.workers
        with self._held():
            if workers.is_chief:
                self.run.remove_unfinished()
            if workers.any(workers.is_chief and (self.run.last.exists() or self.run.best.exists())):
                epoch, step, self.history = self._checkpoints.restore()
                self._position = (epoch, step)
                warning = threads_warning(self.run.metadata.get("machine", {}).get("threads"))
                if warning and self._settings.deterministic:
                    self._console.print(f"[bold yellow]warning:[/bold yellow] {warning}", soft_wrap=True)

    def train(self, after_epoch: Callable[[TrainingHistory], object] = lambda history: None) -> TrainableT:
        """Trains to the end; returns what was trained, with its best weights.

        Args:
            after_epoch: Callable. Called with the history once an epoch is judged and saved. What it raises ends the
                training there, and the run can be resumed. Defaults to a function that does nothing.

        Raises:
            RunError: A loss is not finite, or another process trains the run.
        """
        with self._held():
            return self._trained(after_epoch)

    def _trained(self, after_epoch: Callable[[TrainingHistory], object]) -> TrainableT:
        epoch, step = self._initialized()
        epochs, trainable = self._epochs, self.trainable
        progress = EpochProgress(
            self._console, trainable.units_per_epoch, epochs, self._settings.batch_size, trainable.unit
        )
        with self._log() as log, enough_memory(trainable.memory_advice):
            while epoch < epochs and not self._is_over():
                rate = self._fit_epoch(epoch, step, progress)
                self._judge(epoch, rate, log)
                epoch, step = epoch + 1, 0
                self._save(epoch, step)
                after_epoch(self.history)
        trainable.workers.finish()
        if not trainable.workers.is_chief:
            return trainable
        self._checkpoints.restore_best()
        if lines := trainable.calibrate():
            self._checkpoints.save_best()
            self._console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
        return trainable

    def test(self) -> EvaluationResult:
        """Measures the weights on the test split, and simple models beside them, and writes `metrics.json`."""
        with step_status(console=self._console) as step:
            step("measuring the test split")
            result = replace(self.trainable.test(), steps=self._steps())
            if self._settings.yardsticks:
                step("training simple models to compare with")
                result = replace(result, yardsticks=self.trainable.yardsticks())
        self.run.write_json("metrics.json", {**result.to_json(), "best_epoch": self.history.best_epoch})
        return result

    def _log(self) -> AbstractContextManager[TensorBoardLog | None]:
        return TensorBoardLog(self.run.logs) if self.trainable.workers.is_chief else nullcontext()

    def _is_over(self) -> bool:
        return self.trainable.workers.any(self.history.is_over(self._settings.early_stopping.patience))

    def _held(self) -> AbstractContextManager[object]:
        """The run, held for this process, or the chief's."""
        if not self.trainable.workers.is_chief:
            return nullcontext()
        lock = FolderLock(self.run.path)
        if holder := lock.acquire():
            raise RunError(
                f"{self.run.path}: is being trained by {holder}; wait for its end, or name another `run`", ["run"]
            )
        return lock

    @property
    def _epochs(self) -> int:
        return self.trainable.pretraining_epochs + self._settings.epochs

    def _steps(self) -> int:
        return len(self.history.epochs) * -(-self.trainable.units_per_epoch // self._settings.batch_size)

    def _initialized(self) -> tuple[int, int]:
        workers = self.trainable.workers
        if self._position is None:
            if workers.is_chief:
                with step_status(console=self._console, first="initializing the weights"):
                    self.trainable.initialize_weights()
                self._checkpoints.save(0, 0, self.history)
            workers.wait()
            if not workers.is_chief:
                self._checkpoints.restore()
            self._position = (0, 0)
        self.trainable.agree()
        return self._position

    def _save(self, epoch: int, step: int) -> None:
        self.trainable.agree()
        if self.trainable.workers.is_chief:
            self._checkpoints.save(epoch, step, self.history)
        self._position = (epoch, step)

    def _fit_epoch(self, epoch: int, step: int, progress: EpochProgress) -> float:
        """Trains an epoch from a step on; returns rows or samples per second."""

        def on_step(done: int) -> None:
            progress.update(done, self.trainable.losses)
            workers = self.trainable.workers
            if workers.any(workers.is_chief and self._checkpoints.are_due()):
                self._count_seconds()
                self._save(epoch, done)

        progress.open(epoch, step)
        self._checkpoints.start_epoch()
        started = self._counted_to = time.perf_counter()
        try:
            with self.trainable.workers.own_errors():
                self.trainable.fit_epoch(epoch, step, on_step)
        finally:
            progress.close()
        self._count_seconds()
        units = max(self.trainable.units_per_epoch - step * self._settings.batch_size, 0)
        return units / (self._counted_to - started)

    def _count_seconds(self) -> None:
        now = time.perf_counter()
        self.history.seconds += now - self._counted_to
        self._counted_to = now

    def _judge(self, epoch: int, rate: float, log: TensorBoardLog | None) -> None:
        """Measures the validation split, logs everything, and keeps the weights where they are the best so far."""
        losses, health = self.trainable.losses(), self.trainable.health()
        logged = {**losses, **health}
        if endless := [name for name, value in logged.items() if not math.isfinite(value)]:
            raise RunError(
                f"{self.run.path}: training diverged in epoch {epoch + 1} (`{endless[0]}` is not finite); "
                f"{self.trainable.divergence_advice}"
            )
        if log is None:
            return
        with self.trainable.judged_weights():
            result = self.trainable.evaluate("validation")
            entry = {
                "epoch": epoch + 1,
                "losses": losses,
                "health": health,
                "validation": result.to_json(),
                f"{self.trainable.unit}_per_second": round(rate),
            }
            value = None if self._is_pretraining(epoch) else self.watched.value(result.metrics)
            if self.history.add(entry, value):
                self._checkpoints.save_best()
        self.run.write_json("history.json", self.history.to_json())
        log.write(epoch + 1, logged, result)
        self._print(epoch, losses, health, result, rate)

    def _is_pretraining(self, epoch: int) -> bool:
        return epoch < self.trainable.pretraining_epochs

    def _print(
        self, epoch: int, losses: dict[str, float], health: dict[str, float], result: EvaluationResult, rate: float
    ) -> None:
        parts = [
            f"{'pre-training ' if self._is_pretraining(epoch) else ''}epoch {epoch + 1}/{self._epochs}",
            f"loss {losses['loss']:.4f}",
            f"validation {self.trainable.describe(result)}",
            health_line(health),
            f"{rate:,.0f} {self.trainable.unit}/s",
        ]
        self._console.print("  ".join(filter(None, parts)), highlight=False, soft_wrap=True)
        if warning := collapse_warning(self.history.epochs, self.trainable.clusters):
            self._console.print(f"[bold yellow]warning:[/bold yellow] {warning}", soft_wrap=True)
