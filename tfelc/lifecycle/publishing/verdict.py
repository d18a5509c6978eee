"""Whether a candidate is published, and why."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tfelc.lifecycle.publishing.measurements import ALL, Cost, Difference, Measurements
from tfelc.lifecycle.publishing.rules import NotWorse, PublishRules, Within


@dataclass(frozen=True)
class Check:
    """One rule, held against what was measured.

    Attributes:
        rule: The rule, in words.
        ok: Whether it is fulfilled.
        found: What was found, in words.
        output: The output that it is about; None where it is about the whole.
    """

    rule: str
    ok: bool
    found: str
    output: str | None = None


@dataclass(frozen=True)
class Verdict:
    """The verdict on a candidate.

    Attributes:
        served: The version it was measured beside; None where nothing is served.
        checks: Every rule.
        measurements: What was measured; None where it came to no measuring.
    """

    served: int | None
    checks: Sequence[Check]
    measurements: Measurements | None

    @property
    def published(self) -> bool:
        """Whether all rules are fulfilled."""
        return all(check.ok for check in self.checks)

    @property
    def reasons(self) -> list[str]:
        """The rules that are not fulfilled, in words."""
        return [f"{check.rule}: {check.found}" for check in self.checks if not check.ok]

    def to_json(self) -> dict[str, Any]:
        """The verdict as a JSON object."""
        return {
            "published": self.published,
            "served": self.served,
            "reasons": self.reasons,
            "checks": [asdict(check) for check in self.checks],
            "measurements": None if self.measurements is None else asdict(self.measurements),
        }


def judge(rules: PublishRules, measured: Measurements, served: int | None) -> Verdict:
    """Holds the rules against what was measured.

    Args:
        rules: The rules.
        measured: What was measured.
        served: The version that is served; None where none is, and only what concerns the candidate alone is judged.
    """
    checks = [*_enough(rules, measured)]
    for limits in rules.within:
        checks += _within(limits, measured)
    if served is not None:
        for rule in rules.not_worse:
            checks += _not_worse(rule, measured.differences)
        checks += [*_beside(rules, measured)]
    return Verdict(served, checks, measured)


def _enough(rules: PublishRules, measured: Measurements) -> Iterator[Check]:
    for output, on in measured.judged_on.items():
        if on.positives is None:
            enough = on.rows >= rules.min_rows
            yield Check(f"{output}: judged on {rules.min_rows:,} rows at least", enough, f"{on.rows:,} rows", output)
            continue
        rarer = min(on.positives, on.rows - on.positives)
        yield Check(
            f"{output}: judged on {rules.min_rows:,} rows at least, {rules.min_positives:,} of each outcome",
            on.rows >= rules.min_rows and rarer >= rules.min_positives,
            f"{on.rows:,} rows, {on.positives:,} with the outcome",
            output,
        )


def _within(limits: Within, measured: Measurements) -> Iterator[Check]:
    low = -math.inf if limits.at_least is None else limits.at_least
    high = math.inf if limits.at_most is None else limits.at_most
    # A rule about all outputs is about those that the metric is of.
    for output in limits.outputs or [name for name, values in measured.metrics.items() if limits.metric in values]:
        value = measured.metrics.get(output, {}).get(limits.metric, math.nan)
        words = [
            *([f"at least {limits.at_least:g}"] if limits.at_least is not None else []),
            *([f"at most {limits.at_most:g}"] if limits.at_most is not None else []),
        ]
        yield Check(f"{output} {limits.metric} {' and '.join(words)}", low <= value <= high, _text(value), output)


def _not_worse(rule: NotWorse, differences: Sequence[Difference]) -> Iterator[Check]:
    about = [
        one
        for one in differences
        if one.metric == rule.metric
        and (one.group != ALL) == rule.groups
        and (not rule.outputs or one.output in rule.outputs)
        and (not rule.groups or one.share >= rule.min_share)
    ]
    for output in sorted(set(rule.outputs) - {one.output for one in about} if not rule.groups else ()):
        yield Check(f"{output} {rule.metric} not worse than served", False, "is no output of both versions", output)
    for one in about:
        gains = sorted((one.sign or 1) * end for end in (one.found.low, one.found.high))
        defined = not any(map(math.isnan, gains))
        worst = gains[0] if rule.refuse == "unless_shown" else gains[1]
        where = "" if one.group == ALL else f" in {one.group}"
        how = "shown to be not worse" if rule.refuse == "unless_shown" else "not shown to be worse"
        # A group that says nothing is no reason; all the rows that say nothing are.
        ok = worst >= -rule.by_more_than if defined else rule.groups or rule.refuse == "if_shown"
        yield Check(
            f"{one.output} {rule.metric}{where} {how} than served by more than {rule.by_more_than:g}",
            ok,
            f"{_text(one.found.difference, '+')} ({_text(one.found.low, '+')}, {_text(one.found.high, '+')}), "
            f"{one.rows:,} rows",
            one.output,
        )


def _beside(rules: PublishRules, measured: Measurements) -> Iterator[Check]:
    outputs = ", ".join(dict.fromkeys(one.output for one in measured.differences))
    yield Check("shares outputs with the served one", bool(outputs), outputs or "none")
    for output, index in measured.drift.items():
        drifts = f"{output} scores drift by {rules.largest_drift:g} at most"
        yield Check(drifts, index <= rules.largest_drift, _text(index), output)
    if measured.cost is not None and measured.served_cost is not None:
        yield from _dearer(rules, measured, measured.cost, measured.served_cost)


def _dearer(rules: PublishRules, measured: Measurements, cost: Cost, served: Cost) -> Iterator[Check]:
    for rows, before in served.milliseconds.items():
        now = cost.milliseconds[rows]
        yield Check(
            f"a request of {rows:,} rows takes {rules.largest_latency_ratio:g} times as long at most",
            now <= rules.largest_latency_ratio * before,
            f"{now:.2f} ms, served {before:.2f} ms",
        )
    yield Check(
        f"{rules.largest_size_ratio:g} times as large at most",
        cost.megabytes <= rules.largest_size_ratio * served.megabytes,
        f"{cost.megabytes:.1f} MB, served {served.megabytes:.1f} MB",
    )
    if rules.other_inputs == "refuse":
        asks, lacks = ", ".join(measured.new_inputs), ", ".join(measured.lost_outputs)
        yield Check("asks for no other inputs than served", not asks, f"asks for {asks}" if asks else "none")
        yield Check("gives all the outputs of the served one", not lacks, f"lacks {lacks}" if lacks else "all")


def _text(value: float, sign: str = "") -> str:
    return "not defined" if math.isnan(value) else f"{value:{sign}.4f}"
