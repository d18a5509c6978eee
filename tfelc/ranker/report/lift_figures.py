"""Who gains over another ranker, and how surely (Table 5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tfelc.lifecycle.evaluation.resampling import BootstrapResult
from tfelc.lifecycle.report.group_names import in_order
from tfelc.lifecycle.report.markup import Markup, data_table
from tfelc.lifecycle.report.number_text import number, percent
from tfelc.lifecycle.report.picture import drawing, picture
from tfelc.metrics.auc import AUC
from tfelc.metrics.gauc import GAUC
from tfelc.ranker.evaluation.group_lift import ALL, GroupLift
from tfelc.ranker.report.forest import Interval, forest

MOST_GROUPS = 12


def lift_picture(lifts: Sequence[GroupLift]) -> Markup:
    """Differences with their intervals: AUC above, simulated rate at the same exposure below.

    Args:
        lifts: Of one pair of rankers.
    """
    outputs = list(dict.fromkeys(lift.output for lift in lifts))
    groups = shown_groups(lifts)
    of = {(lift.group, lift.output): lift for lift in lifts}
    texts = []
    by_user = has_users(lifts)
    with drawing(9, (1 + by_user) * (1.0 + 0.28 * len(groups))) as figure:
        panels = figure.subplots(1 + by_user, len(outputs), squeeze=False, sharey=True)
        for column, output in enumerate(outputs):
            found = [of.get((group, output)) for group in groups]
            gains = [None if lift is None else _ends(lift.auc) for lift in found]
            clicks = [None if lift is None else _ends(lift.clicks) for lift in found]
            forest(panels[0, column], groups, gains, f"{output}: {AUC.heading}")
            if by_user:
                forest(panels[1, column], groups, clicks, f"{output}: rate, top half")
                panels[1, column].xaxis.set_major_formatter(lambda value, _: f"{value:+.1%}")
            texts += [
                f"{output}, {group}: {AUC.heading} {number(lift.auc.difference, True)}"
                + (f", rate {percent(lift.clicks.difference)}." if by_user else ".")
                for group, lift in zip(groups, found, strict=True)
                if lift is not None
            ]
        return picture(
            figure,
            f"Lift by group with 95 % intervals. {' '.join(texts)}",
            "Difference from the other ranker: the dot is what was measured, the bar its 95 % interval. Bars that "
            "cross the line at 0 (grey) may be chance. As Table 5 of the paper.",
        )


def lift_table(lifts: Sequence[GroupLift]) -> Markup:
    """All the figures.

    Args:
        lifts: Of one pair of rankers.
    """
    by_user = has_users(lifts)
    gains = (f"{AUC.heading} gain", *((f"{GAUC.heading} gain", "rate of the top half") if by_user else ()))
    header = ("group, output", "impressions", f"{AUC.heading} before", AUC.heading, *gains)
    places = {group: place for place, group in enumerate([ALL, *in_order({lift.group for lift in lifts} - {ALL})])}
    rows = [
        (
            f"{lift.group}, {lift.output}",
            f"{lift.rows:,}",
            number(lift.before),
            number(lift.after),
            _with_interval(lift.auc, lambda value: number(value, signed=True)),
            *(
                (
                    _with_interval(lift.gauc, lambda value: number(value, signed=True)),
                    _with_interval(lift.clicks, percent),
                )
                if by_user
                else ()
            ),
        )
        for lift in sorted(lifts, key=lambda lift: places[lift.group])
    ]
    return data_table(
        f"Lift by group, with 95 % intervals (paired bootstrap over {'users' if by_user else 'rows'})", header, rows
    )


def has_users(lifts: Sequence[GroupLift]) -> bool:
    """Whether anything was measured within users."""
    return any(not np.isnan(lift.gauc.difference) or not np.isnan(lift.clicks.difference) for lift in lifts)


def shown_groups(lifts: Sequence[GroupLift]) -> list[str]:
    """All rows and the largest groups, the paper's by activity."""
    rows: dict[str, int] = {}
    for lift in lifts:
        rows[lift.group] = max(rows.get(lift.group, 0), lift.rows)
    largest = sorted(rows.keys() - {ALL}, key=lambda group: -rows[group])[:MOST_GROUPS]
    return [ALL, *in_order(largest)]


def _with_interval(result: BootstrapResult, shown: Callable[[float], str]) -> str:
    if np.isnan(result.low):
        return shown(result.difference)
    return f"{shown(result.difference)} ({shown(result.low)}, {shown(result.high)})"


def _ends(result: BootstrapResult) -> Interval:
    return result.difference, result.low, result.high
