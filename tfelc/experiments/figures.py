"""Figures over seeds, and how they are written."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tfelc.lifecycle.report.number_text import number

Figures = Mapping[str, Any]


def mean_and_deviation(values: Sequence[float]) -> dict[str, float]:
    """Mean and sample standard deviation of a figure over the seeds; a single one deviates by 0."""
    return {"mean": float(np.mean(values)), "std": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0}


def spread(results: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """`mean_and_deviation` of each figure over the results of the seeds."""
    return {name: mean_and_deviation([result[name] for result in results]) for name in results[0]}


def spread_text(found: Figures | None, shown: Callable[[Any], str] = number) -> str:
    """Mean ± standard deviation, the latter only where there is one; "" for no figure."""
    if found is None:
        return ""
    return shown(found["mean"]) + (f" ± {shown(found['std'])}" if found["std"] else "")


def interval_text(found: Figures | None, shown: Callable[[Any], str]) -> str:
    """A difference and, where it is defined, its 95 % interval, as in `+0.0021 (+0.0005, +0.0037)`; "" for none."""
    if found is None:
        return ""
    interval = "" if found["low"] is None else f" ({shown(found['low'])}, {shown(found['high'])})"
    return shown(found["difference"]) + interval


def signed(value: float | None) -> str:
    """A difference with four decimals; a dash for what is not defined."""
    return number(value, signed=True)
