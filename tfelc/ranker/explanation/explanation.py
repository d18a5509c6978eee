"""What an exported ranker loses without each of its features."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

ALL = "all"


@dataclass(frozen=True)
class Loss:
    """How far a metric falls where values are permuted.

    Attributes:
        mean: The metric of the rows as they are, less that of the permuted ones, over the repeats.
        low: Lower end of the 95 % interval of that mean, by Student's t over the repeats.
        high: Its upper end.
    """

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, losses: Sequence[float]) -> Loss:
        """Of the repeats; NaN where one is not defined.

        Example:
            >>> found = Loss.of([0.1, 0.2, 0.3])
            >>> round(found.mean, 4), round(found.low, 4), round(found.high, 4)
            (0.2, -0.0484, 0.4484)
        """
        from scipy.stats import t

        values = np.asarray(losses, np.float64)
        half = float(t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values)))
        mean = float(values.mean())
        return cls(mean, mean - half, mean + half)

    def to_json(self) -> dict[str, float | None]:
        """As `--json` prints it, None where it is not defined."""
        return {key: None if math.isnan(value) else value for key, value in vars(self).items()}


@dataclass(frozen=True)
class Unit:
    """Features that are permuted together.

    Attributes:
        name: A feature's name, or what a group is called.
        kind: `feature`, or `group` of several.
        columns: The features.
        losses: Output -> group of users, or `all` -> loss.
    """

    name: str
    kind: Literal["feature", "group"]
    columns: tuple[str, ...]
    losses: Mapping[str, Mapping[str, Loss]]

    @property
    def largest(self) -> float:
        """The largest loss of an output over all rows, by which units are ordered."""
        return max((loss[ALL].mean for loss in self.losses.values() if not math.isnan(loss[ALL].mean)), default=0.0)


@dataclass(frozen=True)
class Explanation:
    """All units.

    Attributes:
        model: The version's folder.
        split: What was scored.
        rows: Rows that were drawn.
        repeats: Permutations of each unit.
        metrics: Output -> name of its metric.
        values: Output -> group of users, or `all` -> the metric with nothing permuted.
        units: Groups first, then features, the largest loss first.
        giveaways: Feature -> output -> AUC or XAUC of the feature alone, where it is suspiciously high.
    """

    model: str
    split: str
    rows: int
    repeats: int
    metrics: Mapping[str, str]
    values: Mapping[str, Mapping[str, float]]
    units: Sequence[Unit]
    giveaways: Mapping[str, Mapping[str, float]]

    def to_json(self) -> dict[str, Any]:
        """As `--json` prints it; None for what is not defined."""
        return {
            "model": self.model,
            "split": self.split,
            "rows": self.rows,
            "repeats": self.repeats,
            "metrics": dict(self.metrics),
            "values": {
                output: {group: None if math.isnan(value) else value for group, value in groups.items()}
                for output, groups in self.values.items()
            },
            "units": [
                {
                    "name": unit.name,
                    "kind": unit.kind,
                    "columns": list(unit.columns),
                    "losses": {
                        output: {group: loss.to_json() for group, loss in groups.items()}
                        for output, groups in unit.losses.items()
                    },
                }
                for unit in self.units
            ],
            "giveaways": {feature: dict(found) for feature, found in self.giveaways.items()},
        }
