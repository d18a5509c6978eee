"""What an evaluation has found, in one shape for every kind of model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tfelc.lifecycle.evaluation.cluster_health import ClusterHealth

Metrics = dict[str, dict[str, float]]
"""Output -> metric -> value."""

# The one output of a next-item model, whose files of earlier versions do not name it.
_NEXT_ITEM = "next_item"


@dataclass(frozen=True)
class HeldResult:
    """GAUC of a ranker where no user feature varies among rows that are ranked together.

    Attributes:
        within: What GAUC is within: a column, or `user_and_day`.
        features: The user features that vary there.
        gauc: Output -> GAUC with each of these held at its first value; empty where none varies.
    """

    within: str
    features: list[str] = field(default_factory=list)
    gauc: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Uncalibrated:
    """Metrics without the calibration that a model has.

    Attributes:
        metrics: Output -> metric -> value, over all rows.
        groups: Group of users -> output -> metric -> value.
    """

    metrics: Metrics
    groups: dict[str, Metrics]

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Uncalibrated:
        """Reads a JSON object; what is null is NaN."""
        return cls(_read(content["metrics"]), {group: _read(each) for group, each in content["groups"].items()})


@dataclass(frozen=True)
class EvaluationResult:
    """The metrics of a model on a split, and the state of its clusters and gates.

    Attributes:
        split: What was measured on, such as `test`.
        unit: What was judged, `rows` or `users`.
        count: How many of them.
        metrics: Output -> metric -> value, NaN where it is not defined; a next-item model has the one output
            `next_item`.
        groups: Group of users -> output -> metric -> value.
        gates: Task -> how its gate mixes the experts: `entropy`, `mean`, `groups` and `distance`.
        clusters: The state of the clusters; None for a model without clusters.
        yardsticks: Simple model -> output -> metric -> value, on the same rows or users; none where they were not
            measured.
        steps: Optimizer steps that training took; None where it is not known.
        held: GAUC without what varies within its groups; None where it was not asked for, or nothing groups the rows.
        uncalibrated: What the metrics of calibration are without the one that the model has; None for a model that
            has none, and where it was not measured.

    Example:
        >>> result = EvaluationResult("test", "users", 100, {"next_item": {"hr@5": 0.25}})
        >>> result.to_json()["metrics"]
        {'next_item': {'hr@5': 0.25}}
        >>> EvaluationResult.from_json(result.to_json()) == result
        True
    """

    split: str
    unit: Literal["rows", "users"]
    count: int
    metrics: Metrics
    groups: dict[str, Metrics] = field(default_factory=dict)
    gates: dict[str, dict[str, Any]] = field(default_factory=dict)
    clusters: ClusterHealth | None = None
    yardsticks: dict[str, Metrics] = field(default_factory=dict)
    steps: int | None = None
    held: HeldResult | None = None
    uncalibrated: Uncalibrated | None = None

    def to_json(self) -> dict[str, Any]:
        """The result as a JSON object, as `tfelc evaluate --json` prints it; `json_text` writes NaN as null.

        `held` and `uncalibrated` are there where they are known.
        """
        content = asdict(self)
        if self.held is None:
            del content["held"]
        if self.uncalibrated is None:
            del content["uncalibrated"]
        return content

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> EvaluationResult:
        """Reads what `to_json` or an earlier version wrote; what is null is NaN, what else there is is left alone.

        Args:
            content: A JSON object, such as the content of a run's `metrics.json`.
        """
        if "tasks" in content:  # of a ranker, by an earlier version
            content = {**content, "unit": "rows", "count": content["rows"], "metrics": content["tasks"]}
        elif "users" in content:  # of a next-item model, by an earlier version
            metrics = {_NEXT_ITEM: content["metrics"]}
            content = {**content, "unit": "users", "count": content["users"], "metrics": metrics}
        return cls(
            content.get("split", "test"),
            content["unit"],
            content["count"],
            _read(content["metrics"]),
            {group: _read(values) for group, values in content.get("groups", {}).items()},
            _defined(content.get("gates", {})),
            ClusterHealth.from_json(content["clusters"]) if content.get("clusters") else None,
            {name: _read(metrics) for name, metrics in content.get("yardsticks", {}).items()},
            content.get("steps"),
            HeldResult(**{**content["held"], "gauc": _defined(content["held"]["gauc"])})
            if content.get("held")
            else None,
            Uncalibrated.from_json(content["uncalibrated"]) if content.get("uncalibrated") else None,
        )

    @classmethod
    def of_epoch(cls, epoch: Mapping[str, Any]) -> EvaluationResult:
        """Reads the validation result of an epoch of a run.

        Args:
            epoch: An entry of `history` in the run's `history.json`, written by this version or an earlier one.
        """
        content = epoch["validation"]
        if "metrics" not in content:  # of a ranker's earlier run, which did not say how many rows there were
            content = {"rows": 0, "tasks": content, **epoch.get("validation_health", {})}
        return cls.from_json({"split": "validation", **content})


def _read(metrics: Mapping[str, Mapping[str, float | None]]) -> Metrics:
    return {output: _defined(values) for output, values in metrics.items()}


def _held(content: Mapping[str, Any]) -> HeldResult:
    return HeldResult(content["within"], content["features"], _defined(content["gauc"]))


def _defined(content: Any) -> Any:
    if content is None:
        return math.nan
    return {key: _defined(value) for key, value in content.items()} if isinstance(content, Mapping) else content
