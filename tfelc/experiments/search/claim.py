"""A trial that this process conducts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState

from tfelc.core.atomic_files import write_text
from tfelc.core.folder_lock import FolderLock
from tfelc.core.json_text import json_text

OUTCOME = "outcome"
STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "given up",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
}


@dataclass(frozen=True)
class Claim:
    """A trial whose folder is held by this process; no other one trains it.

    Attributes:
        study: The study.
        trial: The trial.
        values: Its settings by dotted name.
        folder: Where its runs lie.
        taken_up: Whether another process has left it.
        lock: What holds the folder.
    """

    study: optuna.Study
    trial: optuna.Trial
    values: Mapping[str, Any]
    folder: Path
    taken_up: bool
    lock: FolderLock

    @property
    def number(self) -> int:
        """Its number, from 1."""
        return self.trial.number + 1

    def report(self, values: Sequence[float]) -> None:
        """Notes the value of each epoch so far; those that are known already, and undefined ones, are left out.

        Args:
            values: Larger being better.
        """
        known = self.study.get_trials(deepcopy=False)[self.trial.number].intermediate_values
        for epoch, value in enumerate(values, start=1):
            if epoch not in known and math.isfinite(value):
                self.trial.report(value, epoch)

    def end(self, state: TrialState, outcome: Mapping[str, Any], value: float | None = None) -> None:
        """Says how it ended, to the study and in `trial.json` of its folder.

        Args:
            state: Complete, pruned or failed.
            outcome: What else is to be known of it, as JSON.
            value: What it came to, larger being better, where it is complete.
        """
        told = {"state": STATES[state], "settings": dict(self.values), **outcome}
        write_text(self.folder / "trial.json", json_text(told) + "\n")
        self.trial.set_user_attr(OUTCOME, dict(outcome))
        self.study.tell(self.trial, value, state=state)
