"""What a finished run says about alpha and the number of clusters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfelc.core.errors import RunError, UsageError
from tfelc.next_item.run import SequenceRun
from tfelc.ranker.run import RankerRun

Run = RankerRun | SequenceRun


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
    run: Run, siblings: Sequence[Run], quality: Callable[[Mapping[str, Any]], dict[str, float]]
) -> list[Trial]:
    """Reads the run and its siblings, which differ from it in alpha, cluster number and seed alone.

    Args:
        run: The run.
        siblings: Others of the same kind.
        quality: Content of `metrics.json` -> what is compared, by name.

    Returns:
        The run's own trial first.

    Raises:
        RunError: One has no test metrics.
        UsageError: One was trained on other data, or differs in another setting.
    """
    data, others = run.metadata()["data_hash"], _apart_from_trial(run)
    trials = []
    for one in (run, *siblings):
        if one.metadata()["data_hash"] != data:
            raise UsageError(f"{one.path}: was trained on other data than {run.path} (its hash differs)")
        found = _apart_from_trial(one)
        if different := sorted(key for key in found if found[key] != others.get(key)):
            raise UsageError(
                f"{one.path}: differs from {run.path} in {', '.join(different)}; --sensitivity compares runs that "
                "differ in model.clusters.alpha, model.clusters.num_clusters and training.seed alone"
            )
        if (metrics := one.read_json("metrics.json")) is None:
            raise RunError(f"{one.path}: has no metrics.json; train it to the end by --resume")
        clusters = one.config().model.clusters
        trials.append(Trial(clusters.alpha, clusters.num_clusters, quality(metrics)))
    return trials


def _apart_from_trial(run: Run) -> dict[str, Any]:
    flat = _flat(run.config().model_dump(mode="json"))
    return {
        key: value
        for key, value in flat.items()
        if key not in ("model.clusters.alpha", "model.clusters.num_clusters", "training.seed")
    } | ({"tasks": run.metadata()["tasks"]} if isinstance(run, RankerRun) else {})


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in settings.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return found
