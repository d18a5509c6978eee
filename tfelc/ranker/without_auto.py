"""Settings with a value in the place of each `auto`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfelc.ranker.settings import RankerSettings

BEFORE: dict[str, Any] = {
    "model.min_count": 1,
    "model.number_bins": 0,
    "model.linear": False,
    "optimizer.average": 0.0,
    "training.passes": 1,
}
"""What runs of earlier versions, whose settings lack these, were trained with."""


def without_auto(settings: RankerSettings, values: Mapping[str, Any]) -> tuple[RankerSettings, dict[str, Any]]:
    """Puts values in the place of `auto`; what is set stays.

    Args:
        settings: RankerSettings. As they were given.
        values: Mapping. Dotted name of a setting -> its value where that is `auto`.

    Returns:
        The settings, and the dotted name and value of each that was `auto`.

    Example:
        >>> settings, found = without_auto(RankerSettings(), {"training.epochs": 3})
        >>> settings.training.epochs, found
        (3, {'training.epochs': 3})
    """
    content = settings.to_dict()
    found = {}
    for name, value in values.items():
        *groups, last = name.split(".")
        group = content
        for key in groups:
            group = group[key]
        if group[last] == "auto":
            group[last] = found[name] = value
    return (RankerSettings.model_validate(content) if found else settings), found
