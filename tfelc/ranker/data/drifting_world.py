"""The simulated live streaming, day by day: anchors come and go, and tastes and qualities drift."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from tfelc.data.dataset_writer import DatasetWriter
from tfelc.ranker.data.simulated_log import SCHEMA_FILE
from tfelc.ranker.data.simulated_world import ANCHORS, SimulatedWorld
from tfelc.schema.schema import Schema

# Share of the anchors that go each night, a new one in the place of each; and what a night leaves of the difference of
# an anchor, or of a group's taste, from the average, the rest being drawn anew.
_NEW_ANCHORS, _KEPT = 0.04, 0.96
_SPAN_DAYS = 14
_VALIDATION = 0.1


class DriftingWorld(SimulatedWorld):
    """What `SimulatedWorld` has become on one of its days.

    Args:
        seed: Seed of everything; worlds of one seed are days of the same world.
        users: Number of users.
        day: The day, from 1 to 14. Day 1 is the world as it is without drift.
    """

    def __init__(self, seed: int, users: int, day: int) -> None:
        super().__init__(seed, users)
        self.day = day
        names = self._anchor_names.to_pylist()
        for night in range(2, day + 1):
            rng = np.random.default_rng((seed, 2, night))
            is_new = rng.random(ANCHORS) < _NEW_ANCHORS
            for drifting, deviation in (
                (self._quality, 0.4),
                (self._buy_quality, 0.5),
                (self._taste, 0.65),
                (self._buy_taste, 0.7),
            ):
                fresh = rng.normal(0, deviation, drifting.shape)
                drifting[:] = _KEPT * drifting + (1 - _KEPT**2) ** 0.5 * fresh
                if drifting.shape == is_new.shape:
                    drifting[is_new] = fresh[is_new]
            self._price[is_new] = rng.integers(1, 6, is_new.sum())
            self._started[is_new] = night - 1
            for place in np.flatnonzero(is_new):
                names[place] = f"anchor_{place}_since_{night}"
        self._anchor_names = pa.array(names)

    def rows(self, count: int) -> pa.Table:
        """The rows of the day, in the order of time."""
        numbers = np.arange((self.day - 1) * count, self.day * count)
        return self.impressions(self.day, numbers, _SPAN_DAYS * count).table


def prepare_days(out: Path, days: Sequence[int], rows: int, users: int, seed: int) -> None:
    """Writes some days as a prepared dataset, to be judged on the day after the last.

    Args:
        out: The folder to make.
        days: The days to train on, up to 13; the last tenth of the last one's rows is for validation.
        rows: Rows of a day.
        users: Number of users.
        seed: Seed of everything.

    Raises:
        DataError: `out` exists or cannot be written.
    """
    source = f"simulated live streaming that drifts: days {days[0]} to {days[-1]}, {rows} rows a day, {users} users"
    with DatasetWriter(out, Schema.load(SCHEMA_FILE), source, seed) as writer:
        for day in days:
            table = DriftingWorld(seed, users, day).rows(rows)
            of_training = rows - int(rows * _VALIDATION)
            writer.write("train", table.slice(0, of_training))
        writer.write("validation", table.slice(of_training))
        writer.write("test", DriftingWorld(seed, users, days[-1] + 1).rows(rows))
