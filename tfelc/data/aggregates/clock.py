"""The unit of a log's times, and the days that they fall on."""

from __future__ import annotations

import zoneinfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.core.errors import DataError

DAY = 86_400_000_000
MINUTE = 60_000_000
# Microseconds of one unit, as a fraction.
_UNITS = {"s": (1_000_000, 1), "ms": (1_000, 1), "us": (1, 1), "ns": (1, 1_000)}
# 1990 and 2100, in seconds: no whole number lies between them in two units.
_FIRST, _LAST = 631_152_000, 4_102_444_800


class Clock:
    """Reads whole numbers as times since 1970, in the unit in which all of them lie between 1990 and 2100.

    Args:
        timezone: Where a day begins.
        unit: `s`, `ms`, `us` or `ns`. Defaults to None: that of the first times read.

    Example:
        >>> clock = Clock("Asia/Shanghai")
        >>> times = clock.microseconds(np.array([1_650_816_000_000]), "log.csv")  # milliseconds
        >>> clock.unit, clock.days(times).tolist()
        ('ms', [19107])
    """

    def __init__(self, timezone: str, unit: str | None = None) -> None:
        self.timezone = timezone
        self.unit = unit

    def microseconds(self, times: NDArray[np.int64], where: str) -> NDArray[np.int64]:
        """Times in microseconds.

        Raises:
            DataError: They do not lie between 1990 and 2100, or are of another unit than earlier ones.
        """
        if not len(times):
            return times
        least, most = int(times.min()), int(times.max())
        fitting = [
            unit
            for unit, (factor, divisor) in _UNITS.items()
            if _FIRST * 1_000_000 * divisor <= least * factor and most * factor < _LAST * 1_000_000 * divisor
        ]
        if not fitting or self.unit not in (None, fitting[0]):
            before = f", or not in {self.unit} as earlier ones" if self.unit else ""
            raise DataError(
                f"{where}: aggregates and delays need times since 1970 in s, ms, us or ns, all in one unit and "
                f"between 1990 and 2100; these go from {least} to {most}{before}"
            )
        self.unit = fitting[0]
        factor, divisor = _UNITS[self.unit]
        return times * factor // divisor

    def raw(self, microseconds: int) -> int:
        """A time in the log's own unit."""
        factor, divisor = _UNITS[str(self.unit)]
        return microseconds * divisor // factor

    def days(self, microseconds: NDArray[np.int64]) -> NDArray[np.int64]:
        """The number of each time's day in the time zone, from 1 January 1970."""
        times = pa.array(microseconds).cast(pa.timestamp("us", tz=self.timezone))
        return np.asarray(pc.local_timestamp(times).cast(pa.int64())) // DAY

    def begin(self, day: int) -> int:
        """When a day begins in the time zone, in microseconds."""
        local = np.datetime64(day, "D").astype("datetime64[us]").item()
        return round(local.replace(tzinfo=zoneinfo.ZoneInfo(self.timezone)).timestamp()) * 1_000_000
