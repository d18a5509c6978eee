"""A split whose user features do not vary among rows that are ranked together.

A request has one value of each user feature. In a log that is read back, a user's fresh features change from row to
row, and within his rows they may rank backwards: in a window that has closed, clicks that raised his rate are spent and
cannot come again. GAUC then judges an order that no request ever asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.data.plain_column import plain_column
from tfelc.data.split_tables import SplitTables
from tfelc.lifecycle.evaluation.result import HeldResult
from tfelc.metrics.gauc import gauc as gauc_of
from tfelc.ranker.evaluation.predictions import Predictions
from tfelc.ranker.evaluation.requests import Requests, numbered
from tfelc.schema.schema import Schema

_USER_ROLES = ("user", "activity")


class HeldFeatures:
    """A split in which each user feature has, in all rows of a group, the value of the group's first row.

    The groups are those of GAUC: requests, or users. The first row is the earliest one, or the first in order where the
    schema has no time. A row whose group is not known keeps its own values.

    Args:
        dataset: The rows.
        schema: Columns of the ranker.
        split: The split.

    Attributes:
        names: The user features that vary within a group.
        groups: Number of each row's group, one of its own where that is not known, `(rows,)`.
    """

    def __init__(self, dataset: SplitTables, schema: Schema, split: str) -> None:
        self._dataset = dataset
        self._schema = schema
        features = [name for name, column in schema.features.items() if column.role in _USER_ROLES]
        self.groups, first = self._first_rows(split)
        self._values = self._taken(split, features, first)
        self.names = self._varying(split, features)
        self._values = self._values.select(self.names)

    def check(self, schema: Schema, whose: str = "the run's schema") -> None:
        """Raises DataError where the columns do not fit a schema."""
        self._dataset.check(schema, whose)

    def tables(self, split: str, columns: Sequence[str]) -> Iterator[pa.Table]:
        """The rows of the split in their order, with the columns wanted."""
        done = 0
        for table in self._dataset.tables(split, columns):
            groups = self.groups[done : done + len(table)]
            for name in (name for name in self.names if name in table.column_names):
                place = table.column_names.index(name)
                table = table.set_column(place, name, self._values[name].take(pa.array(groups)))
            done += len(table)
            yield table

    def _first_rows(self, split: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Number of each row's group, and the first row of each group."""
        requests = Requests(self._schema)
        timestamps = list(self._schema.of_kind("timestamp"))
        keys, times = [], []
        for table in self._dataset.tables(split, list(dict.fromkeys([*requests.columns, *timestamps]))):
            keys.append(requests.of(table))
            times.append(table[timestamps[0]].to_numpy() if timestamps else np.zeros(len(table), np.int64))
        groups, _ = numbered(np.concatenate(keys))
        order = np.lexsort((np.arange(len(groups)), np.concatenate(times), groups))
        starts = np.flatnonzero(np.r_[True, groups[order][1:] != groups[order][:-1]])
        return groups, order[starts]

    def _taken(self, split: str, features: list[str], first: NDArray[np.int64]) -> pa.Table:
        """The features of each group's first row."""
        order = np.argsort(first, kind="stable")
        rows, parts, done = first[order], [], 0
        for table in self._dataset.tables(split, features):
            inside = rows[(rows >= done) & (rows < done + len(table))] - done
            parts.append(self._plain(table.take(pa.array(inside)), features))
            done += len(table)
        return pa.concat_tables(parts).combine_chunks().take(pa.array(np.argsort(order, kind="stable")))

    def _varying(self, split: str, features: list[str]) -> list[str]:
        found: set[str] = set()
        done = 0
        for table in self._dataset.tables(split, features):
            groups = pa.array(self.groups[done : done + len(table)])
            left = [name for name in features if name not in found]
            plain, held = self._plain(table, left), self._values.select(left).take(groups)
            found |= {name for name in left if _differ(plain[name], held[name])}
            done += len(table)
        return [name for name in features if name in found]

    def _plain(self, table: pa.Table, names: list[str]) -> pa.Table:
        return pa.table({name: plain_column(table[name], self._schema.columns[name]) for name in names})


def held_result(
    dataset: SplitTables,
    schema: Schema,
    split: str,
    predict: Callable[[SplitTables], Predictions],
) -> HeldResult | None:
    """Which user features vary within the groups of GAUC, and GAUC without that.

    Args:
        dataset: The rows that were measured.
        schema: Columns of the ranker.
        split: The split.
        predict: Scores the split of other rows; called only where a feature varies.

    Returns:
        What is reported; None where nothing groups the rows.
    """
    within = Requests(schema).name
    if within is None:
        return None
    held = HeldFeatures(dataset, schema, split)
    if not held.names:
        return HeldResult(within)
    predictions = predict(held)
    gauc = {
        name: gauc_of(one.labels[one.rows], one.probabilities[one.rows], held.groups[one.rows]).value
        if one.rows.any()
        else float("nan")
        for name, one in predictions.binary_outcomes.items()
    }
    return HeldResult(within, held.names, gauc)


def _differ(first: Any, second: Any) -> bool:
    one, other = first.combine_chunks(), second.combine_chunks()
    if pa.types.is_list(one.type):
        lengths = [pc.list_value_length(each).to_numpy(zero_copy_only=False) for each in (one, other)]
        return not np.array_equal(*lengths) or not one.flatten().equals(other.flatten())
    return not one.equals(other)
