"""A canary beside the served version: what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tfelc.lifecycle.publishing.verdict import Verdict
from tfelc.ranker.publishing.served_differences import ServedDifference

Status = Literal["fulfilled", "not_fulfilled", "too_few_rows"]


@dataclass(frozen=True)
class Arm:
    """What there is of one version.

    Attributes:
        version: The version.
        requests: Requests that count.
        rows: Their rows that do.
        first: Time of the first request, in seconds since 1970; None where the log has no times.
        last: Time of the last.
        left_out: Why records or rows are left out -> how many are.
        joined: How rows and outcomes came together.
    """

    version: int
    requests: int
    rows: int
    first: int | None
    last: int | None
    left_out: Mapping[str, int]
    joined: Mapping[str, int]


@dataclass(frozen=True)
class Canary:
    """A canary beside the served version.

    Attributes:
        served: The served version.
        candidate: The canary.
        unit: What was drawn for the intervals, `users` or `requests`.
        imbalance: Feature -> population stability index of the canary's requests against the served version's.
        verdict: The rules, and what was measured.
        lacking: Outputs with too few rows.
    """

    served: Arm
    candidate: Arm
    unit: Literal["users", "requests"]
    imbalance: Mapping[str, float]
    verdict: Verdict
    lacking: frozenset[str]

    @property
    def differences(self) -> list[ServedDifference]:
        """The metrics of both versions."""
        measured = self.verdict.measurements
        return [] if measured is None else [one for one in measured.differences if isinstance(one, ServedDifference)]

    @property
    def reasons(self) -> list[str]:
        """The rules that are not fulfilled by what has rows enough, in words."""
        broken = (check for check in self.verdict.checks if not check.ok and check.output not in self.lacking)
        return [f"{check.rule}: {check.found}" for check in broken]

    @property
    def status(self) -> Status:
        """Whether the rules are fulfilled, or there are too few rows to say so."""
        if self.reasons:
            return "not_fulfilled"
        return "too_few_rows" if self.lacking else "fulfilled"

    def sentence(self) -> str:
        """The status in a sentence."""
        if reasons := self.reasons:
            more = f"; and {len(reasons) - 3} more" if len(reasons) > 3 else ""
            return f"version {self.candidate.version} does not fulfill: {'; '.join(reasons[:3])}{more}"
        if self.lacking:
            return f"too few rows to say anything of {', '.join(sorted(self.lacking))}"
        return f"version {self.candidate.version} fulfills every rule beside version {self.served.version}"

    def to_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        content = self.verdict.to_json()
        arms = {"served": vars(self.served), "candidate": vars(self.candidate)}
        measured = {"unit": self.unit, "imbalance": self.imbalance, "lacking": sorted(self.lacking)}
        differences = [] if content["measurements"] is None else content["measurements"]["differences"]
        said = {"checks": content["checks"], "differences": differences}
        return {"status": self.status, "reasons": self.reasons, **arms, **measured, **said}
