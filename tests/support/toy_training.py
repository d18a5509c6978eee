"""A product of a few lines, to see what the training loop does with any."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from tfelc.core.settings import Settings
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.run import Run
from tfelc.lifecycle.settings.early_stopping import EarlyStoppingSettings
from tfelc.lifecycle.settings.training import TrainingSettings
from tfelc.lifecycle.training.early_stopping import WatchedMetric
from tfelc.lifecycle.training.trainable import Trainable
from tfelc.lifecycle.training.training_loop import TrainingLoop
from tfelc.metrics.registries import RANKER_METRICS

STEPS = 3


class ToySettings(Settings):
    training: TrainingSettings = TrainingSettings(
        epochs=4,
        batch_size=10,
        checkpoint_seconds=0,
        early_stopping=EarlyStoppingSettings(metric="toy.auc", patience=2),
    )


class ToyRun(Run[ToySettings]):
    kind = "toy"
    settings_class = ToySettings

    def model(self) -> Any:
        raise NotImplementedError

    def refuse_incomparable(self, other: Run[Any]) -> None:
        raise NotImplementedError


class Counter(Trainable):
    """Counts its steps in its one weight; the loss is the weight, the AUC of each epoch is told to it."""

    units_per_epoch = 25  # The last of the three batches of 10 is smaller.

    def __init__(self, aucs: Sequence[float], first: float = 0.0) -> None:
        self.weight, self.first, self.aucs, self.total, self.steps = keras.Variable(0.0), first, aucs, 0.0, 0

    def initialize_weights(self) -> None:
        self.weight.assign(self.first)

    def fit_epoch(self, epoch: int, start_step: int, on_step: Any) -> None:
        self.total = self.total if start_step else 0.0
        for self.steps in range(start_step + 1, STEPS + 1):
            self.weight.assign_add(1.0)
            self.total += float(self.weight)
            on_step(self.steps)

    def losses(self) -> dict[str, float]:
        return {"loss": self.total / self.steps}

    def evaluate(self, split: str) -> EvaluationResult:
        return EvaluationResult(
            split, "rows", 7, {"toy": {"auc": self.aucs[int(self.weight - self.first) // STEPS - 1]}}
        )

    def checkpoint_variables(self) -> dict[str, list[Any]]:
        return self.best_variables()

    def best_variables(self) -> dict[str, list[Any]]:
        return {"counter": [self.weight]}

    def checkpoint_state(self) -> dict[str, Any]:
        return {"total": self.total, "steps": self.steps}

    def restore_state(self, state: Any) -> None:
        self.total, self.steps = state["total"], state["steps"]


def toy_loop(
    path: Path, trainable: Trainable, console: Console | None = None, metric: str = "toy.auc", **settings: Any
) -> TrainingLoop[Any]:
    """A loop over a new run, or over the one that is there already, which goes on by its own settings.

    Args:
        path: The folder.
        trainable: What is trained.
        console: Where progress goes. Defaults to None: nowhere.
        metric: What early stopping watches.
        settings: Settings of the training that differ from `ToySettings`, among them `patience`.
    """
    resumed = (path / "run.json").exists()
    if not resumed:
        stopping = EarlyStoppingSettings(metric=metric, patience=settings.pop("patience", 2))
        training = ToySettings().training.model_copy(update={"early_stopping": stopping, **settings})
        files = {"config.yaml": ToySettings(training=training).dump()}
        ToyRun.create_folder(path, files, {"data": "none", "data_hash": "0"})
    run = ToyRun.open(path)
    training = run.settings.training
    watched = WatchedMetric.of(training.early_stopping.metric, ["toy"], RANKER_METRICS)
    loop = TrainingLoop(run, trainable, training, watched, console or Console(quiet=True))
    if resumed:
        loop.resume()
    return loop
