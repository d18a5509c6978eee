"""Tasks of outcomes, each conditioned on the one that it never happens without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

# Outcomes without which a condition is only seen by chance.
_LEAST = 10


def guess_tasks(outcomes: Mapping[str, NDArray[Any]]) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """A task for each outcome, called as its column.

    Args:
        outcomes: Label -> 0 or 1 of each row.

    Returns:
        The tasks as a schema has them, and remarks on those that are conditioned on another.

    Example:
        >>> import numpy as np
        >>> click = np.array([1] * 40 + [0] * 40)
        >>> guess_tasks({"click": click, "order": click * (np.arange(80) % 2)})[0]["order"]
        {'label': 'order', 'conditioned_on': 'click'}
    """
    rates = {name: float(values.mean()) for name, values in outcomes.items()}
    tasks: dict[str, dict[str, Any]] = {}
    remarks = {}
    for name, values in outcomes.items():
        tasks[name] = {"label": name}
        happened = values == 1
        wider = [
            other
            for other, its in outcomes.items()
            if rates[name] < rates[other] < 1 and happened.sum() >= _LEAST and (its[happened] == 1).all()
        ]
        if wider:
            condition = min(wider, key=lambda other: rates[other])
            tasks[name]["conditioned_on"] = condition
            remarks[name] = f"{name} is 1 only where {condition} is"
    return tasks, remarks
