"""A simulated log whose conversions come days after their clicks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.core.yaml_text import load_yaml
from tfelc.ranker.data.simulated_log import SCHEMA_FILE
from tfelc.ranker.data.simulated_world import SimulatedWorld
from tfelc.schema.schema import Schema

DAY = 86_400
WINDOW = 7
_MEAN_DELAY = 3.0
# The last rows are those of the days after the log's end.
_LATER = 0.1
_EVENT_TIME = "converted_at"
KNOWN, NAIVE, DROP, WEIGHT = "all outcomes known", "young rows as 0", "drop", "weight"


@dataclass(frozen=True)
class LateLog:
    """Rows to train on, as they are known at the end of the log, and rows of the days after.

    Attributes:
        rows: The rows before the end, with all that ever comes of them.
        end: The latest of their times, in seconds since 1970.
        later: The rows after it.
        came: Whether a conversion comes within the window, for each row of `later`.
        expected: The probability of that where the row is clicked, likewise.
    """

    rows: pa.Table
    end: int
    later: pa.Table
    came: NDArray[np.bool_]
    expected: NDArray[np.float64]

    @classmethod
    def simulate(cls, rows: int, seed: int, by_price: bool) -> LateLog:
        """Draws a log.

        Args:
            rows: Its rows, those of the later days among them.
            seed: Seed of everything.
            by_price: Whether what is dear takes longer: the mean delay is then 1 to 5 days by the price, else 3 days.
        """
        drawn = SimulatedWorld(seed, max(rows // 20, 1)).impressions(0, np.arange(rows), rows)
        random = np.random.default_rng((seed, 2))
        price = drawn.table["price_level"].fill_null(3).to_numpy()
        mean = np.asarray(price, np.float64) if by_price else np.full(rows, _MEAN_DELAY)
        time = drawn.table["time"].to_numpy()
        converted = time + np.round(random.exponential(mean) * DAY).astype(np.int64)
        happens = drawn.table["conversion"].to_numpy() == 1
        table = drawn.table.append_column(_EVENT_TIME, pa.array(converted, mask=~happens))
        first = rows - round(rows * _LATER)
        later = slice(first, None)
        return cls(
            table.slice(0, first),
            int(time[first - 1]),
            table.slice(first),
            happens[later] & (converted - time <= WINDOW * DAY)[later],
            drawn.conversion_probability[later] * (1 - np.exp(-WINDOW / mean[later])),
        )

    def observed(self, variant: str) -> pa.Table:
        """The rows to train on, for a variant."""
        events = self.rows[_EVENT_TIME].to_numpy()
        in_window = events - self.rows["time"].to_numpy() <= WINDOW * DAY
        seen = {KNOWN: in_window, NAIVE: in_window & (events <= self.end)}.get(variant, events <= self.end)
        label = self.rows.column_names.index("conversion")
        table = self.rows.set_column(label, "conversion", pa.array(seen.astype(np.int8)))
        place = table.column_names.index(_EVENT_TIME)
        if variant not in (DROP, WEIGHT):
            return table.remove_column(place)
        return table.set_column(place, _EVENT_TIME, pa.array(np.where(seen, events, 0).astype(np.int64), mask=~seen))


def schema_of(variant: str) -> Schema:
    """The schema of the simulated log, split by user, with the delay of a variant."""
    content: dict[str, Any] = load_yaml(SCHEMA_FILE.read_text(encoding="utf-8"))
    content["split"] = {"by": "user"}
    if variant in (DROP, WEIGHT):
        content["columns"][_EVENT_TIME] = {"kind": "event_time"}
        content["tasks"]["cvr"]["delay"] = {"event_time": _EVENT_TIME, "window": WINDOW, "immature": variant}
    return Schema.load(content)
