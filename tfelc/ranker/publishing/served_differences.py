"""Two versions by the requests that each has answered: metrics, differences, and how sure they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.lifecycle.evaluation.resampling import BootstrapResult, paired, resampled
from tfelc.lifecycle.publishing.canary_rules import OUTCOME
from tfelc.lifecycle.publishing.measurements import ALL, Difference
from tfelc.metrics.checks import checked_labels, checked_probabilities, checked_scores, checked_values
from tfelc.metrics.ratio_of_sums import RatioOfSums, user_sums
from tfelc.metrics.registries import metrics_of
from tfelc.metrics.statistic import Statistic
from tfelc.ranker.evaluation.predictions import Outcome
from tfelc.ranker.evaluation.user_statistic import user_statistic

SCORE = "score"


@dataclass(frozen=True)
class ServedDifference(Difference):
    """A metric of both versions, each on the rows of its own requests.

    Attributes:
        served_rows: Rows of the served version; `rows` are those of the candidate.
        served_found: The served version's metric, with interval.
        candidate_found: The candidate's, with interval.
    """

    served_rows: int
    served_found: BootstrapResult
    candidate_found: BootstrapResult


@dataclass(frozen=True)
class ArmRows:
    """The rows of one version on which an output is judged.

    Attributes:
        outcome: The output's labels and scores.
        units: Number of what is drawn, a user or a request, that each row is of.
        within: What GAUC is within; None for the units themselves.
        groups: Group column -> value of each row.
    """

    outcome: Outcome
    units: NDArray[np.int64]
    within: NDArray[Any] | None
    groups: Mapping[str, NDArray[Any]]


def served_differences(
    output: str, served: ArmRows, candidate: ArmRows, units: int, wanted: int, replicates: int
) -> Iterator[ServedDifference]:
    """The metrics of an output, for all rows and for each group that both versions have.

    Units are drawn for both versions at once, so that it does not matter whether a user's requests all went to one of
    them.

    Args:
        output: The output.
        served: The served version.
        candidate: The candidate.
        units: How many there are to be drawn.
        wanted: 1 where the outcome is wanted, -1 where it is not.
        replicates: Resamples of each interval.
    """
    arms = (served, candidate)
    totals = [int(arm.outcome.rows.sum()) for arm in arms]
    for group, inside in [(ALL, [np.ones_like(arm.outcome.rows) for arm in arms]), *_groups(arms)]:
        rows = [arm.outcome.rows & part for arm, part in zip(arms, inside, strict=True)]
        counts = [int(part.sum()) for part in rows]
        if not all(counts):
            continue
        makers = [_statistics(arm, part, units, wanted) for arm, part in zip(arms, rows, strict=True)]
        for name, (sign, make) in makers[1].items():
            before, now = makers[0][name][1](), make()
            found, one, other = (
                paired([before], [now], units, replicates),
                resampled(before, units, replicates),
                resampled(now, units, replicates),
            )
            values = (one.difference, other.difference)
            yield ServedDifference(
                output, group, name, sign, counts[1], counts[1] / totals[1], *values, found, counts[0], one, other
            )


def _statistics(
    arm: ArmRows, rows: NDArray[np.bool_], units: int, wanted: int
) -> dict[str, tuple[int, Callable[[], Statistic]]]:
    """Metric -> its direction, and what makes its statistic."""
    outcome = arm.outcome
    labels = checked_values(outcome.labels[rows]) if outcome.is_value else checked_labels(outcome.labels[rows])
    check = checked_scores if outcome.is_value else checked_probabilities
    scores, codes = check(outcome.probabilities[rows], len(labels)), arm.units[rows]
    within = None if arm.within is None else arm.within[rows]
    found: dict[str, tuple[int, Callable[[], Statistic]]] = {
        OUTCOME: (wanted, partial(_mean, labels, codes, units)),
        SCORE: (0, partial(_mean, scores, codes, units)),
    }
    for metric in metrics_of(outcome.judged):
        if metric.statistic is not None:
            make = partial(user_statistic, metric, labels, scores, codes, units, within)
            found[metric.name] = (metric.sign, make)
    return found


def _mean(values: NDArray[np.float64], codes: NDArray[np.int64], units: int) -> RatioOfSums:
    return RatioOfSums(user_sums(values, codes, units), user_sums(np.ones_like(values), codes, units))


def _groups(arms: Sequence[ArmRows]) -> Iterator[tuple[str, list[NDArray[np.bool_]]]]:
    for column in arms[1].groups:
        if any(column not in arm.groups for arm in arms):
            continue
        for name in sorted({str(value) for value in arms[1].groups[column] if value is not None}):
            yield f"{column} {name}", [np.asarray(arm.groups[column]) == name for arm in arms]
