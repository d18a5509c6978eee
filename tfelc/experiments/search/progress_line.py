"""What is said at the end of each trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from tfelc.experiments.search.claim import OUTCOME
from tfelc.experiments.search.setting_text import setting_text
from tfelc.lifecycle.report.number_text import number as number_text


def progress_line(trials: Sequence[FrozenTrial], number: int, total: int, values: Mapping[str, Any]) -> str:
    """A trial in a line: what it came to, the best so far, and its settings.

    Args:
        trials: The trials so far.
        number: Of the trial, from 1.
        total: Trials that there are to be.
        values: Its settings.
    """
    trial = trials[number - 1]
    outcome = trial.user_attrs[OUTCOME]
    settings = "  ".join(f"{name}={setting_text(value)}" for name, value in values.items())
    parts = [f"trial {number}/{total}", _told(trial, outcome), _best(trials, outcome.get("sign", 1)), settings]
    return "  ".join(filter(None, parts))


def _told(trial: FrozenTrial, outcome: Mapping[str, Any]) -> str:
    if trial.state == TrialState.FAIL:
        return f"failed: {outcome['reason']}"
    value = f"{outcome['metric']} {number_text(None if trial.value is None else outcome['sign'] * trial.value)}"
    if trial.state == TrialState.PRUNED:
        return f"{value}, given up after epoch {outcome['epochs'][-1]}"
    return f"{value}, as trial {outcome['same_as']}" if "same_as" in outcome else value


def _best(trials: Sequence[FrozenTrial], sign: int) -> str:
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE and trial.value is not None]
    if not complete:
        return ""
    best = max(complete, key=lambda trial: trial.value or 0.0)
    return f"(best {number_text(sign * (best.value or 0.0))}, trial {best.number + 1})"
