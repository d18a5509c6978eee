"""What is declared of a metric, once, for all that names, shows, compares or watches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """The declaration of a metric, without its function: see `RankerMetric` and `RankingMetric`.

    Args:
        name: str. The key in results and settings, the same as in the registry.
        heading: str. What tables, pictures and sentences call it.
        better: `higher`, `lower` or `none`. Which values are better; a metric without a direction can be reported, but
            no training can be steered by it.

    Example:
        >>> Metric("logloss", "log loss", "lower").sign
        -1
    """

    name: str
    heading: str
    better: Literal["higher", "lower", "none"]

    @property
    def sign(self) -> int:
        """1 where larger values are better, -1 where smaller ones are, 0 where there is no direction."""
        return {"higher": 1, "lower": -1, "none": 0}[self.better]
