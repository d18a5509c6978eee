"""A study that several processes work on, one after the other or side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from tfelc.core.atomic_files import write_text
from tfelc.core.errors import RunError
from tfelc.core.folder_lock import FolderLock
from tfelc.core.json_text import json_text
from tfelc.experiments.search.claim import Claim
from tfelc.experiments.search.journal_lock import JournalLock
from tfelc.experiments.search.waiting_lock import WaitingLock

JOURNAL, IDENTITY = "study.journal", "search.json"
# The median says little of fewer trials.
_TRIALS_BEFORE_PRUNING = 5


class SharedStudy:
    """The trials of a folder, in Optuna's journal, each of which is conducted by one process.

    The draws of a trial depend on the seed, its number and the trials before it alone: a search that was stopped goes
    on with the trials that it would have had.

    Args:
        folder: Path. The search's folder, which is made where it is missing.
        identity: Mapping. What is searched, as JSON; a folder that holds another search is refused.
        seed: int. Seed of the draws.
        warmup_epochs: int. Epochs after which a trial may be given up at the earliest.

    Attributes:
        folder: The folder.
        alone: Held while a trial is chosen, and by whoever writes what the study came to.

    Raises:
        RunError: The folder holds another search.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any], seed: int, warmup_epochs: int) -> None:
        self.folder = folder
        self._seed = seed
        folder.mkdir(parents=True, exist_ok=True)
        self.alone = WaitingLock(folder / ".search.lock")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with self.alone:
            _refuse_other(folder, identity)
            journal = folder / JOURNAL
            self.study = optuna.create_study(
                storage=JournalStorage(JournalFileBackend(str(journal), lock_obj=JournalLock(journal))),
                study_name="search",
                direction="maximize",
                load_if_exists=True,
                # Epochs are numbered from 1.
                pruner=optuna.pruners.MedianPruner(_TRIALS_BEFORE_PRUNING, n_warmup_steps=warmup_epochs + 1),
            )

    @property
    def trials(self) -> list[FrozenTrial]:
        """All trials so far, of every process."""
        return self.study.get_trials(deepcopy=False)

    def claim(self, total: int, draw: Callable[[optuna.Trial], dict[str, Any]]) -> Claim | None:
        """A trial to conduct, which the caller releases at its end: one that was left, or else a new one.

        Args:
            total: Trials that there are to be, over all processes.
            draw: Draws the settings of a trial.

        Returns:
            The trial; None where there are enough, though others may still conduct theirs.
        """
        with self.alone:
            trials = self.trials
            for left in trials:
                if left.state == TrialState.RUNNING and (lock := self._held(left.number)):
                    self.study.sampler = self._sampler(left.number)
                    trial = optuna.Trial(self.study, left._trial_id)
                    return self._claimed(trial, draw, lock, taken_up=True)
            number = len(trials)
            if number >= total:
                return None
            lock = self._held(number)
            if lock is None:
                raise RunError(f"{self.path(number)}: is held by a process, but is no trial of {self.folder / JOURNAL}")
            self.study.sampler = self._sampler(number)
            return self._claimed(self.study.ask(), draw, lock, taken_up=False)

    def path(self, number: int) -> Path:
        """The folder of a trial, by Optuna's number, which counts from 0."""
        return self.folder / f"trial-{number + 1:04d}"

    def _held(self, number: int) -> FolderLock | None:
        """The folder of a trial, held; None where another process does."""
        self.path(number).mkdir(exist_ok=True)
        lock = FolderLock(self.path(number))
        return None if lock.acquire() else lock

    def _sampler(self, number: int) -> TPESampler:
        # A sampler that goes through all trials of a process would begin again in the next one, with the same draws.
        return TPESampler(seed=int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0]))

    def _claimed(
        self, trial: optuna.Trial, draw: Callable[[optuna.Trial], dict[str, Any]], lock: FolderLock, taken_up: bool
    ) -> Claim:
        try:
            return Claim(self.study, trial, draw(trial), self.path(trial.number), taken_up, lock)
        except BaseException:
            lock.release()
            raise


def _refuse_other(folder: Path, identity: Mapping[str, Any]) -> None:
    path, asked = folder / IDENTITY, json.loads(json_text(identity))
    if not path.exists():
        if (folder / JOURNAL).exists():
            raise RunError(f"{path}: missing, beside a {JOURNAL}; name another folder by `runs`", ["runs"])
        write_text(path, json_text(asked) + "\n")
        return
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        known = None
    if not isinstance(known, dict):
        raise RunError(f"{path}: damaged; name another folder by `runs`", ["runs"])
    if different := [key for key in {**known, **asked} if known.get(key) != asked.get(key)]:
        raise RunError(
            f"{folder}: holds a search that differs in its {different[0].replace('_', ' ')}; name another folder by "
            "`runs`",
            ["runs"],
        )
