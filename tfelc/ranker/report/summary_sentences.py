"""What a ranker's figures say, in plain words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tfelc.lifecycle.evaluation.cluster_health import ClusterHealth
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.report.number_text import number, percent
from tfelc.lifecycle.training.health import COLLAPSED
from tfelc.ranker.evaluation.group_lift import ALL, GroupLift
from tfelc.ranker.report.lift_figures import shown_groups

# Above this share nearly everybody is in one cluster; below this information the cluster says nearly nothing.
_ONE_CLUSTER = 0.95
_HARDLY = 0.05
_TIGHT = 0.25


def quality_sentences(result: EvaluationResult, best_auc: Mapping[str, float | None]) -> list[str]:
    """How good the ranker is, a sentence for each output.

    Args:
        result: The result of `evaluate`.
        best_auc: Output -> the AUC of the true probabilities, where they are known.
    """
    return [_quality(output, values, best_auc.get(output)) for output, values in result.metrics.items()]


def _quality(output: str, values: Mapping[str, float], best: float | None) -> str:
    if "xauc" in values:
        return _value_quality(output, values)
    if math.isnan(values["auc"]):
        return f"{output}: the test split holds only one kind of outcome, so the quality is not defined."
    limit = f", and {best:.1%} the best possible on this simulated log" if best is not None else ""
    off = values["calibration"] - 1
    rates = (
        "Its predicted rates are right on average"
        if abs(off) < 0.01
        else f"Its predicted rates are {abs(off):.1%} too {'high' if off > 0 else 'low'} on average"
    )
    return (
        f"{output}: of one impression with the outcome and one without, it puts the right one first "
        f"{values['auc']:.1%} of the time (AUC {number(values['auc'])}; 50 % is chance{limit}). {rates}."
    )


def _value_quality(output: str, values: Mapping[str, float]) -> str:
    if math.isnan(values["xauc"]):
        return f"{output}: the test split holds only one value, so the quality is not defined."
    off = values["sum_error"]
    sums = "" if math.isnan(off) else f" All it predicts comes to {abs(off):.1%} too {'much' if off > 0 else 'little'}."
    return (
        f"{output}: of two impressions with unlike values it puts the larger one first {values['xauc']:.1%} of the "
        f"time (50 % is chance). It is off by {number(values['mae'])} on average, in the unit of the label.{sums}"
    )


def cluster_sentence(health: ClusterHealth | None) -> str:
    """Whether the clusters cluster.

    Args:
        health: Their state; None for a ranker without clusters.
    """
    if health is None:
        return "The ranker has no clusters."
    in_use, largest = f"{health.in_use:.1f} of {health.num_clusters}", f"{health.largest_share:.0%}"
    if health.in_use < COLLAPSED:
        return (
            f"The clusters have collapsed: {in_use} are in use, and the largest holds {largest} of the impressions. "
            "They do not tell users apart."
        )
    if health.largest_share > _ONE_CLUSTER:
        return (
            f"The clusters do not tell users apart: each user leans a little to many of them ({in_use} in use), but "
            f"{largest} of the impressions lie nearest to the same one."
        )
    apart = health.silhouette
    shape = "" if math.isnan(apart) else " They are well apart." if apart >= _TIGHT else " They overlap."
    told = [
        f" The cluster {'hardly tells' if values['information'] < _HARDLY else 'tells'} the {column} "
        f"({values['information']:.0%} of it)."
        for column, values in health.groups.items()
        if not math.isnan(values["information"])
    ]
    use = f"The clusters cluster: {in_use} are in use, the largest holds {largest} of the impressions."
    return f"{use}{shape}{''.join(told)}"


def lift_sentences(lifts: Sequence[GroupLift], other: str) -> list[str]:
    """Who gains over the other ranker, a sentence for each output.

    Args:
        lifts: Of the two rankers.
        other: What the ranker to beat is called.
    """
    return [
        _lift(output, [lift for lift in lifts if lift.output == output], other)
        for output in dict.fromkeys(lift.output for lift in lifts)
    ]


def _lift(output: str, lifts: Sequence[GroupLift], other: str) -> str:
    of = {lift.group: lift for lift in lifts}
    names = [group for group in shown_groups(lifts) if group in of and group != ALL]
    better = [_named(of[group]) for group in names if of[group].auc.low > 0]
    worse = [_named(of[group]) for group in names if of[group].auc.high < 0]
    open_ = [group for group in names if not (of[group].auc.low > 0 or of[group].auc.high < 0)]
    parts = [
        f"{words} {', '.join(found)}"
        for words, found in (("better for", better), ("worse for", worse), ("no certain difference for", open_))
        if found
    ]
    groups = f" By group: {'; '.join(parts)}." if parts else ""
    whole = of[ALL]
    verdict = "better" if whole.auc.low > 0 else "worse" if whole.auc.high < 0 else "not measurably better or worse"
    interval = f"95 % interval {number(whole.auc.low, True)} to {number(whole.auc.high, True)}"
    rate = whole.clicks.difference
    top = "" if math.isnan(rate) else f"; {percent(rate)} in the rate of each user's top half"
    gain = number(whole.auc.difference, True)
    return f"{output}, beside {other}: {verdict} in all (AUC {gain}, {interval}{top}).{groups}"


def _named(lift: GroupLift) -> str:
    return f"{lift.group} ({number(lift.auc.difference, True)})"
