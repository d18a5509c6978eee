"""What is measured of a candidate, and of the served version beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tfelc.lifecycle.evaluation.resampling import BootstrapResult

ALL = "all"


@dataclass(frozen=True)
class Difference:
    """A metric of both versions on the same rows.

    Attributes:
        output: The output.
        group: The group of users; `all` is every row.
        metric: The metric.
        sign: 1 where larger values are better, -1 where smaller ones are, 0 where there is no direction.
        rows: Rows that count.
        share: Their share of all rows of the output.
        served: The metric of the served version.
        candidate: That of the candidate.
        found: The candidate's less the served version's, with interval.
    """

    output: str
    group: str
    metric: str
    sign: int
    rows: int
    share: float
    served: float
    candidate: float
    found: BootstrapResult


@dataclass(frozen=True)
class JudgedOn:
    """How much an output is judged on.

    Attributes:
        rows: Rows that count.
        positives: Those with the outcome; None where what is predicted is a quantity.
    """

    rows: int
    positives: int | None


@dataclass(frozen=True)
class Cost:
    """What a version costs.

    Attributes:
        milliseconds: Rows of a request -> the fastest of many calls.
        megabytes: Size on disk.
    """

    milliseconds: Mapping[int, float]
    megabytes: float


@dataclass(frozen=True)
class Measurements:
    """Everything that the rules are held against.

    Attributes:
        judged_on: Output of the candidate -> how much it is judged on.
        metrics: Output -> metric -> the candidate's value.
        cost: What the candidate costs; None where it was not measured, and neither were its inputs and outputs.
        served_cost: What the served version costs; None where nothing is served, or nothing was measured.
        differences: Metrics beside the served version's; none where nothing is served.
        drift: Output -> population stability index of the scores against the served version's.
        new_inputs: What the candidate asks for and the served version does not.
        lost_outputs: What the served version gives and the candidate does not.
    """

    judged_on: Mapping[str, JudgedOn]
    metrics: Mapping[str, Mapping[str, float]]
    cost: Cost | None = None
    served_cost: Cost | None = None
    differences: Sequence[Difference] = ()
    drift: Mapping[str, float] = field(default_factory=dict)
    new_inputs: Sequence[str] = ()
    lost_outputs: Sequence[str] = ()
