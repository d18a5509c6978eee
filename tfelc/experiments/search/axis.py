"""A setting along an axis of a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfelc.experiments.search.setting_text import setting_text


@dataclass(frozen=True)
class Axis:
    """A setting along an axis: numbers where they are, anything else side by side.

    Attributes:
        name: The setting.
        places: Where each trial stands.
        is_log: Whether the axis is logarithmic.
        ticks: Place -> text of those values that stand side by side; empty for numbers.
    """

    name: str
    places: Sequence[float]
    is_log: bool
    ticks: Mapping[float, str]


def axis_of(name: str, dimension: Mapping[str, Any], trials: Sequence[Mapping[str, Any]]) -> Axis:
    """The axis of a setting.

    Args:
        name: The setting.
        dimension: What the space says of it.
        trials: Those with a value.

    Example:
        >>> axis = axis_of("x", {"values": ["a", "b"]}, [{"settings": {"x": "b"}}, {"settings": {"x": "a"}}])
        >>> axis.places, axis.ticks
        ([1.0, 0.0], {0.0: 'a', 1.0: 'b'})
    """
    found = [trial["settings"][name] for trial in trials]
    if dimension.get("values") is None:
        return Axis(name, [float(value) for value in found], bool(dimension.get("log")), {})
    texts = [setting_text(value) for value in dimension["values"]]
    places = [float(texts.index(setting_text(value))) for value in found]
    return Axis(name, places, False, {float(place): text for place, text in enumerate(texts)})
