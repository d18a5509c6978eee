"""What a window of served requests looks like beside what an export was made on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["ok", "moved", "too_few_rows"]


@dataclass(frozen=True)
class WatchedFeature:
    """A feature; None stands for what is not defined or not known.

    Attributes:
        psi: Population stability index.
        missing: Share of the rows without a value; of lists, of the empty ones.
        missing_before: The same, at the export.
        unknown: Share of the values that the model has never seen.
        unknown_before: The same, at the export.
    """

    psi: float | None
    missing: float | None
    missing_before: float | None
    unknown: float | None
    unknown_before: float | None


@dataclass(frozen=True)
class Calibration:
    """Scores beside outcomes, over the rows where the output is judged.

    Attributes:
        rows: How many rows that are.
        positives: How many outcomes came; of a quantity, how many are above 0.
        mean_score: Mean score.
        mean_label: Mean outcome.
    """

    rows: int
    positives: int
    mean_score: float
    mean_label: float

    @property
    def ratio(self) -> float | None:
        """Mean score over mean outcome: 1 is right on average. None without an outcome."""
        return self.mean_score / self.mean_label if self.mean_label else None


@dataclass(frozen=True)
class WatchedOutput:
    """A probability, or a quantity.

    Attributes:
        psi: Population stability index; None where the log has no answers.
        mean: Mean score; None likewise.
        calibration: Beside outcomes; None without them.
    """

    psi: float | None
    mean: float | None
    calibration: Calibration | None = None


@dataclass(frozen=True)
class Passed:
    """A threshold that is passed.

    Attributes:
        name: The feature or output.
        measure: `psi`, `unknown`, `missing` or `calibration`.
        value: The figure.
        threshold: What it is above.
    """

    name: str
    measure: str
    value: float
    threshold: float

    def __str__(self) -> str:
        """In words, as in `price: psi 0.412 > 0.2`."""
        return f"{self.name}: {self.measure} {self.value:.3f} > {self.threshold:g}"


@dataclass(frozen=True)
class Watched:
    """A window.

    Attributes:
        model: The export's base folder.
        version: Its version.
        requests: Requests of the window.
        rows: Their rows.
        first: Time of the first request, in seconds since 1970; None where the log has no times.
        last: Time of the last.
        left_out: Why a record was left out -> how many were.
        outcomes: What came of the join with the outcomes, by name; None without them.
        features: Feature -> what it looks like.
        outputs: Probability -> what it looks like.
        passed: The thresholds that are passed, the features' first.
        fewest: Rows below which nothing is said.
    """

    model: str
    version: int
    requests: int
    rows: int
    first: int | None
    last: int | None
    left_out: Mapping[str, int]
    outcomes: Mapping[str, int] | None
    features: Mapping[str, WatchedFeature]
    outputs: Mapping[str, WatchedOutput]
    passed: Sequence[Passed]
    fewest: int

    @property
    def status(self) -> Status:
        """Whether anything has moved, or there are too few rows to say so."""
        if self.rows < self.fewest:
            return "too_few_rows"
        return "moved" if self.passed else "ok"

    def verdict(self) -> str:
        """The status in a sentence."""
        if self.status == "too_few_rows":
            return f"{self.rows:,} rows are too few to say anything: {self.fewest:,} are needed"
        if not self.passed:
            return f"no threshold is passed in {self.rows:,} rows"
        shown = "; ".join(map(str, self.passed[:5]))
        more = f"; and {len(self.passed) - 5} more" if len(self.passed) > 5 else ""
        return f"{len(self.passed)} thresholds passed: {shown}{more}" if len(self.passed) > 1 else f"{shown}"

    def worst_first(self) -> Iterator[tuple[str, WatchedFeature]]:
        """The features, by their index."""
        return iter(sorted(self.features.items(), key=lambda item: -(item[1].psi or 0.0)))

    def to_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        content = asdict(self)
        for name, output in self.outputs.items():
            if output.calibration is not None:
                content["outputs"][name]["calibration"]["ratio"] = output.calibration.ratio
        return {"status": self.status, **content}
