"""What a study came to, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, TrialState

from tfelc.experiments.search.claim import OUTCOME, STATES
from tfelc.experiments.search.tried_settings import TriedSettings


def figures(study: optuna.Study, tried: TriedSettings) -> dict[str, Any]:
    """The trials by number, the best of them, and how much each setting matters.

    Args:
        study: The study.
        tried: The settings of its trials.

    Returns:
        `metric` and `sign` (-1 where less is better), which are None and 1 while no trial has trained; `trials`, each
        with `number`, `state`, `value`, `settings` and the rest of its outcome; `best`, the number of the best trial,
        or None; and `importance`, the share of each setting in the variance, {} where there is none to explain.
    """
    trials = study.get_trials(deepcopy=False)
    outcomes = [trial.user_attrs.get(OUTCOME, {}) for trial in trials]
    metric, sign = next(((one["metric"], one["sign"]) for one in outcomes if "metric" in one), (None, 1))
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    best = max(complete, key=_value, default=None)
    return {
        "metric": metric,
        "sign": sign,
        "trials": [_described(trial, tried, sign) for trial in trials],
        "best": None if best is None else best.number + 1,
        "importance": _importance(study, complete, list(tried.space.settings)),
    }


def _described(trial: FrozenTrial, tried: TriedSettings, sign: int) -> dict[str, Any]:
    outcome = {key: value for key, value in trial.user_attrs.get(OUTCOME, {}).items() if key not in ("metric", "sign")}
    return {
        "number": trial.number + 1,
        "state": STATES[trial.state],
        "value": None if trial.value is None else sign * trial.value,
        "settings": tried.read(trial.params),
        **outcome,
    }


def _importance(study: optuna.Study, complete: Sequence[FrozenTrial], names: Sequence[str]) -> Mapping[str, float]:
    if len({trial.value for trial in complete}) < 2:
        return {}
    found = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
    return {name: found[name] for name in sorted(names, key=lambda name: -found[name])}


def _value(trial: FrozenTrial) -> float:
    assert trial.value is not None
    return trial.value
