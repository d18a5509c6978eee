"""How long after its row each outcome came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.data.aggregates.clock import Clock

_UTC = "UTC"


@dataclass(frozen=True)
class EventLags:
    """The times of some rows and of what came of them, in microseconds.

    Attributes:
        times: When each row was, since 1970, `(rows,)`.
        came: Whether its outcome has come, `(rows,)`.
        lags: How long after the row it came, `(rows,)`; 0 where it has not.
    """

    times: NDArray[np.int64]
    came: NDArray[np.bool_]
    lags: NDArray[np.int64]

    @classmethod
    def of(cls, times: pa.Array, events: pa.Array, where: str, names: tuple[str, str]) -> EventLags:
        """Reads both columns, each in the unit that its numbers are of.

        Args:
            times: The rows' times, int64.
            events: When the outcomes came, int64, null where they have not.
            where: Where the rows come from, for the messages.
            names: What the two columns are called there.

        Raises:
            DataError: The times of one column lie between 1990 and 2100 in no unit.

        Example:
            >>> seconds, milliseconds = pa.array([1_700_000_000, 1_700_000_000]), pa.array([1_700_000_060_000, None])
            >>> found = EventLags.of(seconds, milliseconds, "log", ("time", "ordered_at"))
            >>> found.came.tolist(), found.lags.tolist()
            ([True, False], [60000000, 0])
        """
        rows, moments = (
            Clock(_UTC).microseconds(pc.drop_null(each).to_numpy(zero_copy_only=False), f"{where}: column `{name}`")
            for each, name in zip((times, events), names, strict=True)
        )
        came = events.is_valid().to_numpy(zero_copy_only=False)
        lags = np.zeros(len(came), np.int64)
        lags[came] = moments - rows[came]
        return cls(rows, came, lags)
