"""How a model differs from another one on the same data, in one shape for every kind of model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tfelc.lifecycle.evaluation.resampling import BootstrapResult
from tfelc.lifecycle.evaluation.result import Metrics


@dataclass(frozen=True)
class Comparison:
    """The differences of a model from another one, by a paired bootstrap.

    Attributes:
        unit: What was resampled: `users`, or `rows` where it is not known which user a row is of.
        metrics: The other model's: output -> metric -> value.
        differences: Output -> metric -> the model's value less the other's, with interval; for every metric that has
            one and is defined.
        click_lifts: Output -> relative lift of a ranker's simulated rate at the same exposure, with interval.
        adjusted_rand_index: How far both have the same rows or users in a cluster; None unless both have clusters.

    Example:
        >>> found = BootstrapResult(0.02, 0.01, 0.03, p_value=0.004, replicates=1000)
        >>> comparison = Comparison("users", {"next_item": {"hr@5": 0.2}}, {"next_item": {"hr@5": found}})
        >>> comparison.to_json()["differences"]["next_item"]["hr@5"]
        {'difference': 0.02, 'low': 0.01, 'high': 0.03, 'p_value': 0.004}
    """

    unit: Literal["users", "rows"]
    metrics: Metrics
    differences: dict[str, dict[str, BootstrapResult]]
    click_lifts: dict[str, BootstrapResult] = field(default_factory=dict)
    adjusted_rand_index: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The comparison as a JSON object, as `tfelc evaluate --against --json` prints it."""
        return {
            "unit": self.unit,
            "metrics": self.metrics,
            "differences": {
                output: {name: _interval(one) for name, one in found.items()}
                for output, found in self.differences.items()
            },
            "click_lifts": {output: _interval(one) for output, one in self.click_lifts.items()},
            "adjusted_rand_index": self.adjusted_rand_index,
        }


def _interval(found: BootstrapResult) -> dict[str, float]:
    content = asdict(found)
    del content["replicates"]
    return content
