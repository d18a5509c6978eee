"""What each split has of the outcomes and the weights that its tasks need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.splits import SPLITS
from tfelc.schema.schema import Schema
from tfelc.schema.task_chain import chain_of


class SplitOutcomes:
    """Counts rows as they pass, split by split.

    Args:
        schema: The tasks, and the weight.
    """

    def __init__(self, schema: Schema) -> None:
        # Task that is conditioned on others -> its label, and theirs.
        self._labels = {
            name: [schema.tasks[link].label for link in chain_of(schema.tasks, name)]
            for name, task in schema.tasks.items()
            if task.conditioned_on
        }
        # By split: the rows where the conditions came, and those of them where the outcome did.
        self._counts = {name: np.zeros((2, len(SPLITS)), np.int64) for name in self._labels}
        # By weight and split: the rows, and those that have some weight.
        self._weighed = {name: np.zeros((2, len(SPLITS)), np.int64) for name in schema.of_kind("weight")}

    def see(self, rows: pa.Table, split: NDArray[np.int64]) -> None:
        """Looks at the next rows, in the schema's types.

        Args:
            rows: The rows.
            split: The split of each, as an index into `SPLITS`.
        """
        for name, (label, *conditions) in self._labels.items():
            came = np.logical_and.reduce([rows[condition].to_numpy() == 1 for condition in conditions])
            came &= rows[label].is_valid().to_numpy()
            self._counts[name][0] += _by_split(split[came])
            self._counts[name][1] += _by_split(split[came & (rows[label].to_numpy() == 1)])
        for name, weighed in self._weighed.items():
            weighed[0] += _by_split(split)
            weighed[1] += _by_split(split[rows[name].to_numpy() > 0])

    def said(self) -> list[dict[str, Any]]:
        """What `hear` takes, in another process."""
        return [{name: each.tolist() for name, each in counts.items()} for counts in (self._counts, self._weighed)]

    def hear(self, said: Sequence[Mapping[str, Any]]) -> None:
        """Takes what another one says of the rows that follow."""
        for counts, more in zip((self._counts, self._weighed), said, strict=True):
            for name, each in counts.items():
                each += np.asarray(more[name], np.int64)

    def warnings(self, splits: Collection[str], told: Collection[tuple[str, str]]) -> Iterable[str]:
        """A line for the weight, and for each task on others, that has nothing to go by in some splits.

        Args:
            splits: The splits that have rows.
            told: Label and split where the label has one value in all rows, which is told already.
        """
        for weight, weighed in self._weighed.items():
            if where := [split for split, (rows, some) in self._of(splits, weighed) if rows and not some]:
                yield (
                    f"weight `{weight}` is 0 in every row of {' and '.join(where)}: nothing can be learned or "
                    "measured there; give its rows a weight, or leave the column out of the schema"
                )
        for name, counts in self._counts.items():
            label, *conditions = self._labels[name]
            found: dict[str, list[str]] = {}
            came = " and ".join(f"`{condition}`" for condition in conditions)
            for split, (rows, ones) in self._of(splits, counts):
                if any((each, split) in told for each in self._labels[name]):
                    continue
                if not rows:
                    found.setdefault(f"no row of {{}} has {came}", []).append(split)
                elif ones in (0, rows):
                    who = "every" if ones else "no"
                    found.setdefault(f"{who} row of {{}} with {came} has `{label}`", []).append(split)
            for words, where in found.items():
                yield (
                    f"task `{name}`: {words.format(' and '.join(where))}: nothing can be learned or measured there; "
                    "look at how the labels are written, or at `split`"
                )

    @staticmethod
    def _of(splits: Collection[str], counts: NDArray[np.int64]) -> Iterable[tuple[str, tuple[int, int]]]:
        return ((name, (int(a), int(b))) for name, a, b in zip(SPLITS, *counts, strict=True) if name in splits)


def _by_split(split: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.bincount(split, minlength=len(SPLITS))
