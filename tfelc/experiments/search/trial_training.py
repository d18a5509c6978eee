"""The trainings of one trial: one for each seed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from tfelc.core.errors import RunError
from tfelc.experiments.search.claim import Claim
from tfelc.experiments.search.searched import Searched
from tfelc.experiments.search.tried_settings import TriedSettings
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.training.training_history import TrainingHistory
from tfelc.lifecycle.training.training_loop import TrainingLoop


class GivenUp(Exception):
    """The trial does worse than the median of those before it."""


class TrialTraining:
    """Trains a trial with each seed, from the start or from where a stopped process has left it.

    Args:
        claim: Claim. The trial.
        tried: TriedSettings. The settings of trials.
        searched: Searched. The kind of model.
        told: Callable. Called after each epoch with words on it.

    Attributes:
        outcome: What is known of the trial so far: the metric and its sign, the best epoch of each training, or the
            last one of one that was given up, the seconds they took, and the value of each that came to its end.
    """

    def __init__(self, claim: Claim, tried: TriedSettings, searched: Searched, told: Callable[[str], object]) -> None:
        self.outcome: dict[str, Any] = {"epochs": [], "seconds": 0.0, "values": []}
        self._claim = claim
        self._tried = tried
        self._searched = searched
        self._told = told

    def value(self) -> float:
        """Trains, and returns the mean of the best epochs, larger being better.

        Raises:
            GivenUp: The first training does worse than the median trial did.
            RunError: A loss is not finite, or the metric is defined in no epoch.
            ConfigError: The settings contradict each other.
        """
        settings = self._tried.settings(self._claim.values)
        values = [self._trained(settings, number) for number in range(self._tried.space.seeds)]
        return float(np.mean(values))

    def _trained(self, settings: Any, number: int) -> float:
        path = self._claim.folder / f"seed-{number}"
        if not (path / "run.json").exists():
            # A process was killed while it made the folder.
            shutil.rmtree(path, ignore_errors=True)
        keras.backend.clear_session()
        loop = self._searched.training(self._tried.of_seed(settings, number), path)
        name, sign = loop.watched.name, loop.watched.metric.sign
        self.outcome |= {"metric": name, "sign": sign}

        def after_epoch(history: TrainingHistory) -> None:
            self._after_epoch(loop, history, is_first=number == 0)

        if loop.history.epochs:
            # It may have been stopped before this was said of its last epoch.
            after_epoch(loop.history)
        loop.train(after_epoch)
        self._note(loop.history, loop.history.best_epoch)
        if loop.history.best is None:
            raise RunError(f"{path}: `{name}` is defined in no epoch")
        self.outcome["values"].append(sign * loop.history.best)
        return loop.history.best

    def _after_epoch(self, loop: TrainingLoop[Any], history: TrainingHistory, is_first: bool) -> None:
        watched, training = loop.watched, loop.run.settings.training
        values = [watched.value(EvaluationResult.of_epoch(epoch).metrics) for epoch in history.epochs]
        self._told(f"{watched.name} {watched.metric.sign * values[-1]:.4f} in epoch {len(values)}")
        if not is_first:
            # Other trials have been compared by their first training; there is no median for a further one.
            return
        self._claim.report(values)
        is_last = len(values) >= training.epochs or history.is_over(training.early_stopping.patience)
        if not is_last and self._claim.trial.should_prune():
            self._note(history, len(values))
            raise GivenUp

    def _note(self, history: TrainingHistory, epoch: int | None) -> None:
        self.outcome["epochs"].append(epoch)
        self.outcome["seconds"] += history.seconds
