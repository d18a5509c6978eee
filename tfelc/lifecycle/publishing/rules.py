"""What a candidate must fulfill to be published."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from tfelc.core.errors import ConfigError
from tfelc.core.settings import Settings


class NotWorse(Settings):
    """The candidate is not worse than what is served.

    Attributes:
        metric: The metric.
        by_more_than: How much worse it may be, in the metric's own unit.
        outputs: The outputs that must fulfill it. Defaults to all that the metric is of.
        refuse: When to refuse: `unless_shown`, where the 95 % interval of the difference reaches beyond what is
            allowed, or `if_shown`, where all of it lies beyond.
        groups: Whether it is about each group of users, and not about all rows.
        min_share: Groups with a smaller share of the rows are left out.
    """

    metric: str
    by_more_than: float = Field(ge=0)
    outputs: tuple[str, ...] = ()
    refuse: Literal["unless_shown", "if_shown"] = "unless_shown"
    groups: bool = False
    min_share: float = Field(0.05, ge=0, le=1)


class Within(Settings):
    """A metric of the candidate lies within limits, whatever is served.

    Attributes:
        metric: The metric.
        at_least: The lower limit. Defaults to none.
        at_most: The upper limit. Defaults to none.
        outputs: The outputs that must fulfill it. Defaults to all that the metric is of.
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    outputs: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _limits(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError(f"`within` of {self.metric} sets neither `at_least` nor `at_most`")
        return self


class PublishRules(Settings):
    """All the rules; what a file leaves out is as here.

    Attributes:
        min_rows: Rows that an output must be judged on.
        min_positives: Rows with the outcome among them, and without it; quantities have none.
        not_worse: Beside the served version.
        within: Of the candidate alone.
        largest_drift: Largest population stability index of the scores, against the served version's.
        largest_latency_ratio: Largest ratio of the latency to the served version's, of 1 row and of many.
        largest_size_ratio: Largest ratio of the size on disk to the served version's.
        other_inputs: Whether a candidate may ask for inputs that the served version does not take, or lack outputs that
            it gives: `refuse`, or `allow`.
        replicates: Resamples of each interval.
    """

    min_rows: int = Field(1000, ge=1)
    min_positives: int = Field(50, ge=1)
    not_worse: tuple[NotWorse, ...] = (
        NotWorse(metric="auc", by_more_than=0.001),
        NotWorse(metric="gauc", by_more_than=0.003, refuse="if_shown"),
        NotWorse(metric="ne", by_more_than=0.003, refuse="if_shown"),
        NotWorse(metric="auc", by_more_than=0.005, refuse="if_shown", groups=True),
        NotWorse(metric="nrmse", by_more_than=0.005),
    )
    within: tuple[Within, ...] = (
        Within(metric="calibration", at_least=0.8, at_most=1.25),
        Within(metric="sum_error", at_least=-0.2, at_most=0.25),
    )
    largest_drift: float = Field(0.25, gt=0)
    largest_latency_ratio: float = Field(2.0, gt=0)
    largest_size_ratio: float = Field(2.0, gt=0)
    other_inputs: Literal["refuse", "allow"] = "refuse"
    replicates: int = Field(1000, ge=100)

    @classmethod
    def of(cls, path: Path | None, metrics: Collection[str], compared: Collection[str]) -> Self:
        """Reads a file of rules; without one, those that are shipped.

        Args:
            path: The file.
            metrics: The metrics of the kind of model.
            compared: Those of them that have a direction and an interval.

        Raises:
            ConfigError: The file cannot be read, or a rule is none.
        """
        rules = cls.load(path)
        for group, known in ((rules.not_worse, compared), (rules.within, metrics)):
            for rule in group:
                if rule.metric not in known:
                    raise ConfigError(
                        f"{path or 'rules'}: a rule under `{'not_worse' if known is compared else 'within'}` is about "
                        f"`{rule.metric}`; there it is one of {', '.join(known)}"
                    )
        return rules
