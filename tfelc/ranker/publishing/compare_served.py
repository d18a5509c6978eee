"""What a canary and the served version have answered, held against the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.lifecycle.publishing.canary_rules import CanaryRules
from tfelc.lifecycle.publishing.measurements import Measurements
from tfelc.lifecycle.publishing.verdict import Check, Verdict, judge
from tfelc.metrics.population_stability_index import population_stability_index
from tfelc.metrics.summary import task_metrics
from tfelc.ranker.evaluation.predictions import Outcome
from tfelc.ranker.export.reference_statistics import NumberReference
from tfelc.ranker.publishing.canary import Arm, Canary
from tfelc.ranker.publishing.request_imbalance import request_imbalance
from tfelc.ranker.publishing.served_arm import ServedArm
from tfelc.ranker.publishing.served_differences import ArmRows, served_differences
from tfelc.schema.schema import Schema
from tfelc.schema.score import score_formula

Rows = NDArray[np.bool_]
# Above this index the requests of the two were of another kind, and nothing is known of the versions.
_LARGEST_IMBALANCE = 0.2


def compare_served(served: ServedArm, candidate: ServedArm, rules: CanaryRules) -> Canary:
    """Compares what two versions have answered, over the time in which both did.

    Rows whose key both have answered are left out. Users are drawn for the intervals, or requests where the user of no
    row is known.

    Args:
        served: The requests of the served version.
        candidate: Those of the canary.
        rules: The rules.

    Raises:
        DataError: At no time both have answered, they have no output in common, or one of other labels.
    """
    arms = (served, candidate)
    kept = _kept(arms)
    outcomes = [_judged(arm, rows) for arm, rows in zip(arms, kept, strict=True)]
    shared = [name for name in outcomes[1] if name in outcomes[0]]
    if not shared:
        raise DataError(f"versions {served.version} and {candidate.version} have no output in common")
    for name in shared:
        _refuse_other_label(name, *arms)
    codes, units, unit = _units(arms)
    rows = [
        {name: ArmRows(outcome, own, arm.within(), arm.groups()) for name, outcome in found.items()}
        for arm, own, found in zip(arms, codes, outcomes, strict=True)
    ]
    unwanted = _unwanted(candidate.schema)
    differences = [
        one
        for name in shared
        for one in served_differences(
            name, rows[0][name], rows[1][name], units, -1 if name in unwanted else 1, rules.replicates
        )
    ]
    lacking = frozenset(name for name in shared if not all(_enough(rules, found[name]) for found in outcomes))
    drawn = [len(np.unique(own[inside])) for own, inside in zip(codes, kept, strict=True)]
    imbalance = request_imbalance(served, candidate, kept, drawn) if all(drawn) else {}
    # What an output is judged on is said of each version, under the output's name.
    counted = [Check(*each) for name in shared for each in _counted(rules, name, arms, outcomes)]
    metrics = {name: _metrics(rows[1][name]) for name in shared}
    drift = {name: _drift(outcomes[0][name], outcomes[1][name]) for name in shared if name not in lacking}
    beside = served.version if differences else None
    verdict = judge(rules, Measurements({}, metrics, differences=differences, drift=drift), beside)
    checks = [*counted, *([] if lacking == {*shared} else [_alike(imbalance)]), *verdict.checks]
    sums = [_arm(arm, rows) for arm, rows in zip(arms, kept, strict=True)]
    return Canary(sums[0], sums[1], unit, imbalance, Verdict(served.version, checks, verdict.measurements), lacking)


def _kept(arms: Sequence[ServedArm]) -> list[Rows]:
    """The rows that one version alone has answered, within the time in which both answered."""
    served, candidate = arms
    kept = [~served.where_also(candidate), ~candidate.where_also(served)]
    times = [arm.seconds for arm in arms]
    if not all(one.all() for one in times):
        return kept
    first, last = max(one.min() for one in times), min(one.max() for one in times)
    if first > last:
        raise DataError(
            f"versions {served.version} and {candidate.version} have at no time both answered; a canary is compared "
            "with what was served beside it"
        )
    return [rows & (one >= first) & (one <= last) for rows, one in zip(kept, times, strict=True)]


def _judged(arm: ServedArm, kept: Rows) -> dict[str, Outcome]:
    found = arm.outcomes()
    return {name: Outcome(one.rows & kept, one.labels, one.probabilities, one.is_value) for name, one in found.items()}


def _refuse_other_label(name: str, *arms: ServedArm) -> None:
    tasks = [arm.schema.tasks.get(name) for arm in arms]
    said = [None if task is None else (task.label, task.is_value, task.conditioned_on) for task in tasks]
    if said[0] != said[1]:
        raise DataError(
            f"`{name}` of versions {arms[0].version} and {arms[1].version} is of other labels or conditions; they "
            "cannot be compared"
        )


def _units(arms: Sequence[ServedArm]) -> tuple[list[NDArray[np.int64]], int, Literal["users", "requests"]]:
    users = [arm.users() for arm in arms]
    known = all(each is not None for each in users)
    keys: list[Any] = []
    for number, (arm, own) in enumerate(zip(arms, users, strict=True)):
        requests = [(number, request) for request in arm.requests.tolist()]
        # A row whose user is not known is drawn with its request.
        keys += requests if not known or own is None else [
            request if pd.isna(user) else user for user, request in zip(own.tolist(), requests, strict=True)
        ]  # fmt: skip
    named = np.empty(len(keys), object)
    named[:] = keys
    codes, distinct = pd.factorize(named)
    split = len(arms[0].joined.places)
    return [codes[:split], codes[split:]], len(distinct), "users" if known else "requests"


def _unwanted(schema: Schema) -> set[str]:
    """The outputs that the schema's score falls with."""
    if schema.score is None:
        return set()
    formula = score_formula(schema.score, schema.tasks)
    usual = {name: np.array([0.5, 0.5]) for name in formula.used}
    rising = {name: formula({**usual, name: np.array([0.4, 0.6])}) for name in formula.used}
    return {name for name, (low, high) in rising.items() if high < low}


def _positives(outcome: Outcome) -> int | None:
    return None if outcome.is_value else int(outcome.labels[outcome.rows].sum())


def _enough(rules: CanaryRules, outcome: Outcome) -> bool:
    rows, positives = int(outcome.rows.sum()), _positives(outcome)
    rarer = rules.min_positives if positives is None else min(positives, rows - positives)
    return rows >= rules.min_rows and rarer >= rules.min_positives


def _counted(
    rules: CanaryRules, name: str, arms: Sequence[ServedArm], outcomes: Sequence[Mapping[str, Outcome]]
) -> Iterator[tuple[str, bool, str, str]]:
    for arm, found in zip(arms, outcomes, strict=True):
        one = found[name]
        positives = _positives(one)
        rows = f"{int(one.rows.sum()):,} rows"
        of_each = "" if positives is None else f", {rules.min_positives:,} of each outcome"
        rule = f"{name} of version {arm.version}: {rules.min_rows:,} rows at least{of_each}"
        yield rule, _enough(rules, one), rows if positives is None else f"{rows}, {positives:,} with the outcome", name


def _metrics(rows: ArmRows) -> dict[str, float]:
    one = rows.outcome
    within = rows.units if rows.within is None else rows.within
    return task_metrics(one.labels[one.rows], one.probabilities[one.rows], within[one.rows], one.judged)


def _drift(served: Outcome, candidate: Outcome) -> float:
    reference = NumberReference.of(served.probabilities[served.rows])
    return population_stability_index(reference.counts, reference.count(candidate.probabilities[candidate.rows]))


def _alike(imbalance: Mapping[str, float]) -> Check:
    worst, index = next(iter(imbalance.items()), ("no feature of both", 0.0))
    rule = f"the requests of both are alike: no feature's index is {_LARGEST_IMBALANCE:g} above chance"
    return Check(rule, index <= _LARGEST_IMBALANCE, f"{worst} {index:.4f}")


def _arm(arm: ServedArm, kept: Rows) -> Arm:
    left_out: Counter[str] = Counter(arm.rows.left_out)
    if not kept.all():
        left_out["rows of both versions, or of a time in which one alone answered"] = int((~kept).sum())
    times = arm.seconds[kept]
    times = times[times > 0]
    first, last = (int(times.min()), int(times.max())) if len(times) else (None, None)
    requests = len(np.unique(arm.requests[kept]))
    return Arm(arm.version, requests, int(kept.sum()), first, last, dict(left_out), arm.joined.counts())
