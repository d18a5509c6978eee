"""Which experts each task's gate turns to, group by group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfelc.lifecycle.report.group_names import in_order
from tfelc.lifecycle.report.heat_map import draw_heat_map
from tfelc.lifecycle.report.markup import Markup
from tfelc.lifecycle.report.picture import drawing, picture


def gate_map(gates: Mapping[str, Any]) -> Markup:
    """A heat map for each task: groups by experts.

    Args:
        gates: How each task's gate mixes the experts, as in an `EvaluationResult`, with a task at least.
    """
    groups = in_order(next(iter(gates.values()))["groups"])
    texts = []
    across = min(len(gates), 3)
    down = -(-len(gates) // across)
    with drawing(9, (1.2 + 0.34 * (len(groups) + 1)) * down) as figure:
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for axes, (task, use) in zip(panels, gates.items(), strict=False):
            shares = np.array([use["mean"], *(use["groups"][group] for group in groups)])
            experts = [str(number) for number in range(shares.shape[1])]
            draw_heat_map(axes, shares, ["all", *groups], experts, task, "expert")
            favorites = ", ".join(f"{name} {row.argmax()}" for name, row in zip(groups, shares[1:], strict=True))
            texts.append(f"{task}: strongest expert over all {shares[0].argmax()}; {favorites}.")
        for axes in panels[len(gates) :]:
            axes.remove()
        return picture(
            figure,
            f"Mean gate weights by group. {' '.join(texts)}",
            "Mean weight of each expert, in percent (each row sums to 100). Rows that differ: the ranker treats the "
            "groups differently; columns that differ between tasks: the tasks use different experts.",
        )
