"""Rows of the training split whose outcome may still come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.dataset import Dataset
from tfelc.data.delays.delay_curve import DelayCurve
from tfelc.data.delays.event_lags import EventLags
from tfelc.data.delays.matured_labels import DELAYS
from tfelc.schema.schema import Schema
from tfelc.schema.task import Task


class WaitingLabels:
    """Tells apart, in rows of training, what has not come yet from what does not come any more.

    Args:
        dataset: The prepared dataset, whose manifest says how late the outcomes come.
        schema: Its columns.
        tasks: The tasks by name.
        split: The split that the rows are of.
    """

    def __init__(self, dataset: Dataset, schema: Schema, tasks: Mapping[str, Task], split: str) -> None:
        self._names = {
            name: task.label for name, task in tasks.items() if task.delay and task.delay.immature == "weight"
        }
        (self._timestamp,) = schema.of_kind("timestamp") if self._names else ("",)
        said = dataset.manifest.metadata.get(DELAYS, {})
        self._until = {label: said[label]["observed_until"][split] for label in self._names.values()}
        self._curves = {label: DelayCurve(said[label]["delays"]) for label in self._names.values()}
        self._windows = {task.label: task.delay.microseconds for task in tasks.values() if task.delay}

    @property
    def columns(self) -> list[str]:
        """The columns that it reads beside the labels."""
        return [self._timestamp] if self._names else []

    def shares(self, table: pa.Table) -> dict[str, NDArray[np.float32]]:
        """Task -> the share of its outcomes that is still to come, by the age of each row; 0 once it is mature.

        Args:
            table: Prepared rows.
        """
        found = {}
        for name, label in self._names.items():
            times = table[self._timestamp].combine_chunks()
            nothing = pa.nulls(len(times), pa.int64())
            rows = EventLags.of(times, nothing, "the dataset", (self._timestamp, label))
            elapsed = self._until[label] - rows.times
            share = 1 - self._curves[label].shares(elapsed)
            found[name] = np.where(elapsed >= self._windows[label], 0, share).astype(np.float32)
        return found

    def marked(self, labels: Mapping[str, NDArray[Any]], table: pa.Table) -> dict[str, NDArray[Any]]:
        """The labels as `late_cross_entropy` takes them: minus the share that is to come where nothing has come yet."""
        shares = self.shares(table)
        return {
            name: np.where((label == 0) & (shares[name] > 0), -shares[name], label) if name in shares else label
            for name, label in labels.items()
        }

    def left_out(self, labels: Mapping[str, NDArray[Any]], table: pa.Table) -> dict[str, NDArray[Any]]:
        """The labels for what knows nothing of that: NaN in all rows that are not mature, come or not."""
        shares = self.shares(table)
        return {
            name: np.where(shares[name] > 0, np.float32(np.nan), label) if name in shares else label
            for name, label in labels.items()
        }
