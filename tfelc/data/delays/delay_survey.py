"""What a log says of how late its outcomes come, in a first pass over its times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.delays.delay_curve import DelayCurve
from tfelc.data.delays.event_lags import EventLags
from tfelc.data.packed_rows import packed, unpacked
from tfelc.schema.schema import Schema

# Outcomes whose delays are kept; of more, every second, fourth ... one.
_SAMPLE = 1 << 20
# Of fewer outcomes of mature rows nobody knows how late they come.
_FEWEST = 100


class DelaySurvey:
    """Looks at the times of rows and outcomes.

    Args:
        schema: The columns; it has a task with a `delay`.
        name: What to call the log in messages.

    Attributes:
        observed_until: The latest time of the log, of a row or an outcome, in microseconds since 1970.
    """

    def __init__(self, schema: Schema, name: str) -> None:
        self._delays = schema.delays
        self._name = name
        (self.timestamp,) = schema.of_kind("timestamp")
        self.observed_until = 0
        self._kept = {label: np.empty((2, 0), np.int64) for label in self._delays}
        self._strides = dict.fromkeys(self._delays, 1)
        # Label -> its outcomes so far.
        self._seen = dict.fromkeys(self._delays, 0)

    @property
    def columns(self) -> list[str]:
        """The columns that it reads."""
        return list(dict.fromkeys([self.timestamp, *(delay.event_time for delay in self._delays.values())]))

    def see(self, tables: Iterable[pa.Table]) -> DelaySurvey:
        """Looks at all rows of a log, in the schema's types; raises DataError where times are of no unit."""
        for rows in tables:
            for label, delay in self._delays.items():
                events = rows[delay.event_time].combine_chunks()
                times = rows[self.timestamp].combine_chunks()
                found = EventLags.of(times, events, self._name, (self.timestamp, delay.event_time))
                latest = (found.times + found.lags).max(initial=0)
                self.observed_until = max(self.observed_until, int(found.times.max(initial=0)), int(latest))
                within = found.came & (found.lags <= delay.microseconds)
                self._keep(label, np.stack([found.times[within], found.lags[within]]))
        return self

    def counts(self) -> list[Any]:
        """What `hear_counts` takes, in another process."""
        return [self.observed_until, self._seen]

    def hear_counts(self, said: Sequence[Any]) -> dict[str, int]:
        """Takes the counts of another one, of the rows that follow; gives its own, from before.

        Once all counts are there, `strides` is what the outcomes of the whole log are thinned by.
        """
        before = dict(self._seen)
        observed_until, seen = said
        self.observed_until = max(self.observed_until, observed_until)
        for label, count in seen.items():
            self._seen[label] += count
        return before

    @property
    def strides(self) -> dict[str, int]:
        """Label -> the outcomes of which one is kept."""
        found = {}
        for label, count in self._seen.items():
            stride = self._strides[label]
            while -(-count // stride) > _SAMPLE:
                stride *= 2
            found[label] = stride
        return found

    def thinned(self, before: Mapping[str, int], strides: Mapping[str, int]) -> Self:
        """Sets what the rows that are seen next are kept by: those of a log that has outcomes before them."""
        self._seen, self._strides = dict(before), dict(strides)
        return self

    def kept(self) -> dict[str, str]:
        """What `hear_kept` takes, in another process."""
        return {label: packed(pa.table({"time": kept[0], "lag": kept[1]})) for label, kept in self._kept.items()}

    def hear_kept(self, said: Mapping[str, str], strides: Mapping[str, int]) -> None:
        """Takes the outcomes that another one, `thinned`, has kept of the rows that follow."""
        self._strides = dict(strides)
        for label, text in said.items():
            rows = unpacked(text)
            more = np.stack([rows[name].to_numpy() for name in ("time", "lag")])
            self._kept[label] = np.concatenate([self._kept[label], more], axis=1)

    def curve(self, label: str) -> DelayCurve:
        """How late a label comes, by the rows that are old enough to have all that comes of them.

        Raises:
            DataError: They have too few outcomes.
        """
        times, lags = self._kept[label]
        mature = times <= self.observed_until - self._delays[label].microseconds
        if (count := int(mature.sum()) * self._strides[label]) < _FEWEST:
            raise DataError(
                f"{self._name}: label `{label}`: rows that are {self._delays[label].window} days old have {count} "
                f"outcomes, which say too little of how late they come; `immature: weight` needs {_FEWEST}: give a "
                "longer log, or set it to `drop`"
            )
        return DelayCurve.of(lags[mature])

    def _keep(self, label: str, found: NDArray[np.int64]) -> None:
        stride = self._strides[label]
        kept = np.concatenate([self._kept[label], found[:, -self._seen[label] % stride :: stride]], axis=1)
        self._seen[label] += found.shape[1]
        while kept.shape[1] > _SAMPLE:
            kept, self._strides[label] = kept[:, ::2], self._strides[label] * 2
        self._kept[label] = kept
