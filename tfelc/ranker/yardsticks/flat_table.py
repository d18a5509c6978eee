"""A split as the models of scikit-learn read it: numbers, codes of categories, labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.data.dataset import Dataset
from tfelc.data.number_values import number_values
from tfelc.data.row_groups import RowGroupReader
from tfelc.data.split_tables import SplitTables
from tfelc.ranker.data.outcomes import Outcomes
from tfelc.ranker.data.sampled_split import SampledSplit
from tfelc.ranker.data.task_labels import task_labels
from tfelc.ranker.data.waiting_labels import WaitingLabels
from tfelc.schema.schema import Schema
from tfelc.schema.task import Task
from tfelc.schema.task_chain import joint_names, value_outputs


@dataclass(frozen=True)
class FlatTable:
    """The rows of a split without their lists, which trees and linear models cannot read.

    Attributes:
        numbers: float32, `(rows, number columns)`, NaN where a value is missing.
        codes: float32, `(rows, categories)`: the place of each value among those of the training split, NaN for one
            that is not there.
        outcomes: Output -> the rows on which it is judged, bool `(rows,)`, and its labels, float32 `(rows,)`.
        weights: Output -> the weight of each row in training, `(rows,)`; those whose rows weigh alike are not there.
        values: The outputs that are quantities.
        users: A number for the user of each row, int64 `(rows,)`, -1 where it is not known; None where nobody asked.
    """

    numbers: NDArray[np.float32]
    codes: NDArray[np.float32]
    outcomes: dict[str, tuple[NDArray[np.bool_], NDArray[np.float32]]]
    weights: dict[str, NDArray[np.float32]]
    values: frozenset[str] = frozenset()
    users: NDArray[np.int64] | None = None

    @property
    def inputs(self) -> NDArray[np.float32]:
        """Numbers, and behind them the codes, `(rows, columns)`."""
        return np.concatenate([self.numbers, self.codes], axis=1)


# A trained model: probabilities, or values, of all rows of a table, float64 `(rows,)`.
Fitted: TypeAlias = Callable[[FlatTable], NDArray[np.float64]]


class FlatTables:
    """Reads splits of a dataset as flat tables, with the codes of the training rows.

    Args:
        dataset: Dataset. The prepared dataset.
        schema: Schema. Which of its columns are features, as the ranker sees them.
        tasks: Mapping of str to Task. The tasks that are predicted, and those that they are conditioned on.
        heads: Sequence of str. The tasks that are predicted.
        most_rows: int. Of a larger training split so many rows are drawn.
        with_users: bool. Whether the tables say whose rows are whose, which needs a `user_key`. Defaults to False.

    Attributes:
        train: The training rows.
        sampled: Whether they are a sample.
    """

    def __init__(
        self,
        dataset: Dataset,
        schema: Schema,
        tasks: Mapping[str, Task],
        heads: Sequence[str],
        most_rows: int,
        with_users: bool = False,
    ) -> None:
        self._dataset = dataset
        self._tasks = dict(tasks)
        self._heads = list(heads)
        features = schema.features
        self._numbers = [name for name, column in features.items() if column.kind == "number"]
        self._categories = [name for name, column in features.items() if column.kind == "category"]
        self._nullable = schema.nullable_labels
        weights = {name: column for name, column in schema.row_weights.items() if name in heads}
        joints = joint_names(tasks, heads)
        self._weights = weights | {joint: weights[name] for joint, name in joints.items() if name in weights}
        labels = [task.label for task in tasks.values()]
        waiting = WaitingLabels(dataset, schema, self._tasks, "train")
        self._user_key = schema.user_key if with_users else None
        more = [*labels, *weights.values(), *waiting.columns, *filter(None, [self._user_key])]
        self._columns = list(dict.fromkeys([*self._numbers, *self._categories, *more]))
        self.sampled = dataset.rows("train") > most_rows
        table = self._read("train", most_rows if self.sampled else None)
        # Where the splits that are measured hold all negatives, the training rows stand for all of theirs.
        sampled = SampledSplit.of(dataset, schema, "train")
        self._stands_for = sampled if SampledSplit.of(dataset, schema, "test") is None else None
        self._values = {name: pc.unique(_plain(table[name])).drop_null() for name in self._categories}
        self.train = self._flat(table, waiting)

    def split(self, name: str) -> FlatTable:
        """All rows of a split, in their order."""
        return self._flat(self._read(name, None))

    def of(self, rows: SplitTables, name: str) -> FlatTable:
        """All rows of a split that lies elsewhere, such as one with features changed."""
        return self._flat(pa.concat_tables(list(rows.tables(name, self._columns)), promote_options="permissive"))

    def _read(self, split: str, most_rows: int | None) -> pa.Table:
        reader = RowGroupReader(self._dataset.files(split), self._columns, seed=0)
        tables, rows = [], 0
        for table in reader.tables(0, shuffle=most_rows is not None):
            tables.append(table)
            rows += len(table)
            if most_rows is not None and rows >= most_rows:
                break
        return pa.concat_tables(tables, promote_options="permissive").slice(0, most_rows)

    def _flat(self, table: pa.Table, waiting: WaitingLabels | None = None) -> FlatTable:
        numbers = [number_values(table[name]) for name in self._numbers]
        codes = [_codes(_plain(table[name]), self._values[name]) for name in self._categories]
        matrix = _matrix(numbers, len(table))
        labels = task_labels(table, self._tasks, self._nullable)
        labels = labels if waiting is None else waiting.left_out(labels, table)
        judged = Outcomes(self._tasks, labels).judged(self._heads)
        return FlatTable(
            np.where(np.isfinite(matrix), matrix, np.float32(np.nan)),
            _matrix(codes, len(table)),
            judged,
            self._row_weights(table, labels, judged),
            value_outputs(self._tasks, self._heads),
            None if self._user_key is None else _numbered(_plain(table[self._user_key])),
        )

    def _row_weights(
        self, table: pa.Table, labels: Mapping[str, NDArray[np.float32]], outputs: Iterable[str]
    ) -> dict[str, NDArray[np.float32]]:
        """The weights of rows, in which a kept negative stands for the dropped ones, too."""
        found = {output: number_values(table[column]) for output, column in self._weights.items()}
        if self._stands_for is None:
            return found
        count = np.where(labels[self._stands_for.task] == 0, np.float32(1 / self._stands_for.kept), np.float32(1))
        return {output: found.get(output, np.float32(1)) * count for output in outputs}


def _codes(values: pa.Array, known: pa.Array) -> NDArray[np.float32]:
    places = pc.index_in(values, value_set=known, skip_nulls=True)
    found: NDArray[np.float32] = places.cast(pa.float32()).to_numpy(zero_copy_only=False)
    return found


def _numbered(values: pa.Array) -> NDArray[np.int64]:
    found: NDArray[np.int64] = pc.index_in(values, pc.unique(values), skip_nulls=True).fill_null(-1).to_numpy()
    return found.astype(np.int64)


def _matrix(columns: list[NDArray[np.float32]], rows: int) -> NDArray[np.float32]:
    return np.stack(columns, axis=1).astype(np.float32) if columns else np.zeros((rows, 0), np.float32)


def _plain(column: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.combine_chunks()
