"""What a finished run says about alpha and the number of clusters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tfelc.core.errors import RunError, UsageError
from tfelc.core.settings import flat
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.run import Run

_ALPHA, _COUNT = "model.clusters.alpha", "model.clusters.num_clusters"
_VARIED = (_ALPHA, _COUNT, "training.seed")


@dataclass(frozen=True)
class Trial:
    """One finished run, as far as the figure needs it.

    Attributes:
        alpha: Weight of its clustering loss.
        count: Its number of clusters.
        quality: Test metrics by name.
    """

    alpha: float
    count: int
    quality: dict[str, float]


def trials_of(
    run: Run[Any], siblings: Sequence[Run[Any]], quality: Callable[[EvaluationResult], dict[str, float]]
) -> list[Trial]:
    """Reads the run and its siblings, which differ from it in alpha, cluster number and seed alone.

    Args:
        run: The run.
        siblings: Others of the same kind.
        quality: What is compared of a test result, by name.

    Returns:
        The run's own trial first.

    Raises:
        RunError: One has no test metrics.
        UsageError: One was trained on other data, or differs in another setting.
    """
    data, own = run.metadata["data_hash"], _apart_from_trial(run)
    trials = []
    for one in (run, *siblings):
        if one.metadata["data_hash"] != data:
            raise UsageError(f"{one.path}: was trained on other data than {run.path} (its hash differs)")
        found = _apart_from_trial(one)
        if different := sorted(key for key in found if found[key] != own.get(key)):
            raise UsageError(
                f"{one.path}: differs from {run.path} in {', '.join(different)}; `siblings` are runs that "
                f"differ in {', '.join(_VARIED[:-1])} and {_VARIED[-1]} alone",
                ["siblings"],
            )
        if (metrics := one.read_json("metrics.json")) is None:
            raise RunError(f"{one.path}: has no metrics.json; resume its training to the end")
        settings = _settings(one)
        # A model that has no clusters has no settings of theirs.
        alpha, count = settings.get(_ALPHA, 0.0), settings.get(_COUNT, 0)
        trials.append(Trial(alpha, count, quality(EvaluationResult.from_json(metrics))))
    return trials


def _apart_from_trial(run: Run[Any]) -> dict[str, Any]:
    kept = {key: value for key, value in _settings(run).items() if key not in _VARIED}
    # Of a ranker, two runs may differ in what they predict.
    return {**kept, "tasks": run.metadata.get("tasks")}


def _settings(run: Run[Any]) -> dict[str, Any]:
    return flat(run.settings.model_dump(mode="json"))
