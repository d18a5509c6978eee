"""The rate of all rows on earlier days, for keys of which little is known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


class Prior:
    """A rate by day, from the days before it.

    Args:
        by_day: `day`, `outcomes` and `seen` of each day with rows, by day.

    Example:
        >>> prior = Prior(pa.table({"day": [10, 12], "outcomes": [1, 1], "seen": [4, 1]}))
        >>> prior.at(10), prior.at(11), prior.at(13)
        (None, 0.25, 0.4)
    """

    def __init__(self, by_day: pa.Table) -> None:
        days, outcomes, seen = (by_day[name].to_numpy() for name in ("day", "outcomes", "seen"))
        self._first = int(days[0])
        shape = int(days[-1]) - self._first + 2
        positive, count = (np.zeros(shape, np.int64) for _ in range(2))
        positive[days - self._first + 1] = outcomes
        count[days - self._first + 1] = seen
        positive, count = positive.cumsum(), count.cumsum()
        self._rates = np.divide(positive, count, out=np.full(shape, np.nan), where=count > 0)

    def at(self, day: int) -> float | None:
        """The rate of the days before a day; None where there is none."""
        place = min(day - self._first, len(self._rates) - 1)
        return None if place < 0 or np.isnan(self._rates[place]) else float(self._rates[place])

    def table(self) -> pa.Table:
        """`of_day` and `rate`, for each day from the first one on."""
        days = np.arange(self._first, self._first + len(self._rates))
        return pa.table({"of_day": days, "rate": pa.array(self._rates, mask=np.isnan(self._rates))})
