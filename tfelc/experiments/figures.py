"""Figures over seeds, and how they are written."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tfelc.lifecycle.report.number_text import number

Figures = Mapping[str, Any]


def spread(results: Sequence[Any]) -> dict[str, Any]:
    """`mean` and `std`, the sample's standard deviation, of each figure over the seeds.

    Args:
        results: What each seed found: a number, or figures by name, at any depth.

    Returns:
        The two in place of each number. A single seed deviates by 0.
    """
    if isinstance(results[0], Mapping):
        return {name: spread([result[name] for result in results]) for name in results[0]}
    return {"mean": float(np.mean(results)), "std": float(np.std(results, ddof=1)) if len(results) > 1 else 0.0}


def by_path(figures: Figures, *path: str) -> dict[str, Figures]:
    """What `spread` returned for figures at any depth, in one dict by their path, as in `clusters, in use`."""
    if "mean" in figures:
        return {", ".join(path).replace("_", " "): figures}
    return {key: value for name in figures for key, value in by_path(figures[name], *path, name).items()}


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
