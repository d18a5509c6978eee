"""A search, trial by trial."""

from __future__ import annotations

from collections.abc import Sequence

from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from rich.status import Status

from tfelc.core.errors import RunError, TfelcError
from tfelc.experiments.search.claim import OUTCOME, Claim
from tfelc.experiments.search.progress_line import progress_line
from tfelc.experiments.search.searched import Searched
from tfelc.experiments.search.shared_study import SharedStudy
from tfelc.experiments.search.trial_training import GivenUp, TrialTraining
from tfelc.experiments.search.tried_settings import TriedSettings

# Where so many have failed and no trial has done better, the rest is not begun.
_HOPELESS = 3


class Search:
    """Conducts the trials of a study, as many as are left.

    Args:
        study: The study.
        tried: The settings of its trials.
        searched: The kind of model.
        console: Where progress goes: a line for each trial.
    """

    def __init__(self, study: SharedStudy, tried: TriedSettings, searched: Searched, console: Console) -> None:
        self._study = study
        self._tried = tried
        self._searched = searched
        self._console = console

    def run(self, total: int) -> None:
        """Conducts trials until there are enough.

        Args:
            total: Trials that there are to be, over all processes.

        Raises:
            RunError: The first trials have all failed.
        """
        while (claim := self._study.claim(total, self._tried.draw)) is not None:
            with claim.lock, self._console.status(f"trial {claim.number}/{total}") as status:
                if claim.taken_up:
                    self._say(f"trial {claim.number}/{total}  was left by a stopped process and is taken up")
                self._conduct(claim, status)
            trials = self._study.trials
            self._say(progress_line(trials, claim.number, total, claim.values))
            _refuse_hopeless(trials, total)

    def _conduct(self, claim: Claim, status: Status) -> None:
        if twin := self._twin(claim):
            # The same settings and seeds would come to the same weights.
            claim.end(TrialState.COMPLETE, {**twin.user_attrs[OUTCOME], "same_as": twin.number + 1}, twin.value)
            return
        training = TrialTraining(
            claim, self._tried, self._searched, lambda words: status.update(f"trial {claim.number}: {words}")
        )
        try:
            value = training.value()
        except GivenUp:
            claim.end(TrialState.PRUNED, training.outcome)
        except (TfelcError, ValueError) as error:
            claim.end(TrialState.FAIL, {**training.outcome, "reason": " ".join(str(error).split())})
        else:
            claim.end(TrialState.COMPLETE, training.outcome, value)

    def _twin(self, claim: Claim) -> FrozenTrial | None:
        """A complete trial of the same settings."""
        same = (
            trial
            for trial in self._study.trials
            if trial.state == TrialState.COMPLETE and trial.params == claim.trial.params
        )
        return next(same, None)

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _refuse_hopeless(trials: Sequence[FrozenTrial], total: int) -> None:
    ended = [trial for trial in trials if trial.state.is_finished()]
    failed = [trial for trial in ended if trial.state == TrialState.FAIL]
    if len(failed) == len(ended) and len(ended) >= min(_HOPELESS, total):
        last = failed[-1]
        raise RunError(
            f"all {len(failed)} trials so far have failed; trial {last.number + 1}: "
            f"{last.user_attrs[OUTCOME]['reason']}"
        )
