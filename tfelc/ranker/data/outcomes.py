"""The outcomes of a split: which rows each task is trained and judged on, and what happened there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.number_values import number_values
from tfelc.data.split_tables import SplitTables
from tfelc.ranker.data.task_labels import task_labels
from tfelc.schema.schema import Schema
from tfelc.schema.task import Task
from tfelc.schema.task_chain import chain_of, joint_label, joint_names


@dataclass(frozen=True)
class Outcomes:
    """Labels and weights of a split, without its features.

    Attributes:
        tasks: The tasks, and those that they are conditioned on.
        labels: Task -> its labels, float32 `(rows,)`, NaN where one is not known.
        weights: Task -> weight of each row, float32 `(rows,)`; a task whose rows weigh alike is not there.
        users: User of each row, None where not known; None where the schema has no `user_key`, or was not asked for it.
    """

    tasks: Mapping[str, Task]
    labels: Mapping[str, NDArray[np.float32]]
    weights: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    users: NDArray[np.object_] | None = None

    @classmethod
    def read(
        cls, dataset: SplitTables, schema: Schema, tasks: Mapping[str, Task], split: str, users: bool = False
    ) -> Outcomes:
        """Reads the labels and weights of a split, and the users if they are asked for.

        Args:
            dataset: SplitTables. The prepared dataset.
            schema: Schema. Its columns.
            tasks: Mapping of str to Task. The tasks, and those that they are conditioned on.
            split: str. Its name.
            users: bool. Whether to read the users too. Defaults to False.
        """
        labels = [task.label for task in tasks.values()]
        weights = {name: column for name, column in schema.row_weights.items() if name in tasks}
        keys = [schema.user_key] if users and schema.user_key else []
        table = pa.concat_tables(
            list(dataset.tables(split, list(dict.fromkeys([*labels, *weights.values(), *keys])))),
            promote_options="permissive",
        )
        return cls(
            tasks,
            task_labels(table, tasks, schema.nullable_labels),
            {name: number_values(table[column]) for name, column in weights.items()},
            np.array(table[keys[0]].to_pylist(), dtype=object) if keys else None,
        )

    def space(self, name: str) -> NDArray[np.bool_]:
        """The rows whose label is known and where what the task is conditioned on has happened, if it is on any."""
        known: NDArray[np.bool_] = ~np.isnan(self.labels[name])
        condition = self.tasks[name].conditioned_on
        return known if condition is None else known & (joint_label(self.tasks, self.labels, condition) > 0)

    def judged(self, heads: Sequence[str]) -> dict[str, tuple[NDArray[np.bool_], NDArray[np.float32]]]:
        """Output -> the rows on which it is judged, and its labels: of the heads first, then of the joint outputs."""
        found = {name: (self.space(name), self.labels[name]) for name in heads}
        for joint, name in joint_names(self.tasks, heads).items():
            label = joint_label(self.tasks, self.labels, name)
            found[joint] = (~np.isnan(label), label)
        return found

    def conditions(self, name: str) -> str:
        """The labels that a task is conditioned on, in words, as in `click` and `cart`."""
        return " and ".join(f"`{self.tasks[link].label}`" for link in chain_of(self.tasks, name)[1:])
