"""Labels that come late, as the window says, and null in the rows that are too young."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.delays.delay_curve import DelayCurve
from tfelc.data.delays.delay_survey import DelaySurvey
from tfelc.data.delays.outcomes_in_window import lags_of, with_outcomes
from tfelc.data.splits import SPLITS
from tfelc.schema.schema import Schema

# Where a manifest's metadata has what became of the labels that come late.
DELAYS = "delays"


class MaturedLabels:
    """Says of each row whether the outcome came within the window, or that nobody knows yet.

    Args:
        schema: The columns.
        surveys: What the logs say of their times, one for each split, or one for all.
        trains: Whether the training split is trained on: an outcome that has not come is then 0 in a row that is too
            young, where `immature: weight` asks for it. Defaults to False: such rows are null in every split.

    Raises:
        DataError: Too little is known of how late the outcomes come for `immature: weight`.
    """

    def __init__(self, schema: Schema, surveys: Sequence[DelaySurvey], trains: bool = False) -> None:
        self._schema = schema
        self._delays = schema.delays
        until = [survey.observed_until for survey in surveys] or [0]
        self._until = np.array(until * len(SPLITS) if len(until) == 1 else until, np.int64)
        self._curves: dict[str, DelayCurve] = {}
        if trains:
            weighed = [label for label, delay in self._delays.items() if delay.immature == "weight"]
            self._curves = {label: surveys[0].curve(label) for label in weighed}
        # Label -> what -> rows of each split.
        names = ("mature", "young", "weighted", "later")
        self._counts = {label: {name: np.zeros(len(SPLITS), np.int64) for name in names} for label in self._delays}

    def added_to(self, rows: pa.Table, split: NDArray[np.int64] | None = None, where: str = "log") -> pa.Table:
        """The rows with their labels as they are known.

        Args:
            rows: Rows of the log, in the schema's types.
            split: The split of each, as an index into `SPLITS`. Defaults to None: all are judged alike.
            where: Where they come from, for the messages.
        """
        split = np.ones(len(rows), np.int64) if split is None else split
        for label, delay in self._delays.items():
            if label not in rows.column_names:
                continue
            found = lags_of(rows, self._schema, delay, where)
            elapsed = self._until[split] - found.times
            mature = elapsed >= delay.microseconds
            weighed = np.zeros(len(rows), bool)
            if label in self._curves:
                # Where nothing of what comes has come yet, the row says nothing.
                weighed = ~mature & (split == 0) & (self._curves[label].shares(elapsed) > 0)
            later = mature & found.came & (found.lags > delay.microseconds)
            for name, counted in (("mature", mature), ("young", ~mature), ("weighted", weighed), ("later", later)):
                self._counts[label][name] += np.bincount(split[counted], minlength=len(SPLITS))
            rows = with_outcomes(rows, label, delay, found, mature | weighed)
        return rows

    def said(self) -> dict[str, dict[str, list[int]]]:
        """What `hear` takes, in another process."""
        return {label: {name: each.tolist() for name, each in counts.items()} for label, counts in self._counts.items()}

    def hear(self, said: Mapping[str, Mapping[str, Sequence[int]]]) -> None:
        """Takes what another one, made of the same surveys, says of other rows."""
        for label, counts in self._counts.items():
            for name, each in counts.items():
                each += np.asarray(said[label][name], np.int64)

    def metadata(self) -> dict[str, Any]:
        """What a manifest says of it: by label the rows of each split, and how late the outcomes come."""
        if not self._delays:
            return {}
        return {DELAYS: {label: self._said(label) for label in self._delays}}

    def _said(self, label: str) -> Mapping[str, Any]:
        counts = {name: dict(zip(SPLITS, each.tolist(), strict=True)) for name, each in self._counts[label].items()}
        return {
            "delay": self._delays[label].model_dump(),
            "observed_until": dict(zip(SPLITS, self._until.tolist(), strict=True)),
            **counts,
            **({"delays": self._curves[label].steps.tolist()} if label in self._curves else {}),
        }
