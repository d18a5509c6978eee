"""The metric over the values of a setting, whatever the other settings were."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfelc.experiments.search.axis import Axis

_PARTS = 5


@dataclass(frozen=True)
class SettingMean:
    """The trials that share a value of a setting, or lie side by side in it.

    Attributes:
        text: The value, or the lowest and the highest one.
        place: The value in the middle.
        trials: How many trials there are.
        mean: Their mean.
        spread: Their standard deviation; NaN of a single one.
    """

    text: str
    place: float
    trials: int
    mean: float
    spread: float

    def __str__(self) -> str:
        """In words, as in `0.2000 ± 0.1414 at 64`."""
        spread = "" if math.isnan(self.spread) else f" ± {self.spread:.4f}"
        return f"{self.mean:.4f}{spread} at {self.text}"


def means_by_setting(axis: Axis, values: Sequence[float]) -> list[SettingMean]:
    """The means over a setting: of each value, or of fifths of the trials where there are more than five.

    Args:
        axis: The setting.
        values: The metric of each trial.

    Example:
        >>> axis = Axis("x", [1.0, 2.0, 1.0], is_log=False, ticks={})
        >>> [str(each) for each in means_by_setting(axis, [0.25, 0.5, 0.25])]
        ['0.2500 ± 0.0000 at 1', '0.5000 at 2']
    """
    places, found = np.array(axis.places), np.array(values)
    distinct = np.unique(places)
    if len(distinct) <= max(len(axis.ticks), _PARTS):
        parts = [np.flatnonzero(places == place) for place in distinct]
    else:
        # Equal values stay together, so that some parts may be larger.
        begins = np.unique([part[0] for part in np.array_split(np.sort(places), _PARTS)])
        numbers = np.searchsorted(begins, places, side="right")
        parts = [np.flatnonzero(numbers == number) for number in np.unique(numbers)]
    return [_mean(axis, places[part], found[part]) for part in parts]


def _mean(axis: Axis, places: NDArray[np.float64], values: NDArray[np.float64]) -> SettingMean:
    low, high = (axis.ticks.get(float(place), f"{place:.3g}") for place in (places.min(), places.max()))
    spread = float(values.std(ddof=1)) if len(values) > 1 else math.nan
    text = low if low == high else f"{low} to {high}"
    return SettingMean(text, float(np.median(places)), len(values), float(values.mean()), spread)
