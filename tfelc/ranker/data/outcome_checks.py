"""What of the outcomes leaves a task without anything to learn or to be judged by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tfelc.core.errors import DataError
from tfelc.data.split_tables import SplitTables
from tfelc.data.splits import SPLITS
from tfelc.ranker.data.outcomes import Outcomes
from tfelc.schema.schema import Schema
from tfelc.schema.task import Task
from tfelc.schema.task_chain import joint_label


def refuse_unlearnable(dataset: SplitTables, schema: Schema, tasks: Mapping[str, Task], heads: Sequence[str]) -> None:
    """Refuses data from which a task would learn nothing at all, so that its random start would pass for a model.

    Raises:
        DataError: The weights of the training split are all 0, or no row of it is one that a task is trained on.
    """
    train = Outcomes.read(dataset, schema, tasks, "train")
    for column in _idle_weights(train, schema, heads):
        raise DataError(f"weight `{column}`: the weights of the training split are all 0")
    for name in heads:
        # Over the entire space a task learns from every row whose product of labels is known.
        entire = tasks[name].space == "entire"
        rows = ~np.isnan(joint_label(tasks, train.labels, name)) if entire else train.space(name)
        if not (rows & (train.weights[name] > 0 if name in train.weights else True)).any():
            weighed = " and a weight above 0" if rows.any() else ""
            raise DataError(f"task `{name}`: no row of the training split has {_needed(train, schema, name)}{weighed}")


def unknown_labels(
    dataset: SplitTables, schema: Schema, tasks: Mapping[str, Task], heads: Sequence[str], split: str = "train"
) -> Iterator[str]:
    """Of each task whose label is not known in every row: in how many rows it is, in words.

    Args:
        dataset: SplitTables. The prepared dataset.
        schema: Schema. Its columns.
        tasks: Mapping of str to Task. The tasks, and those that they are conditioned on.
        heads: Sequence of str. The tasks to look at.
        split: str. The split. Defaults to `train`.
    """
    if not any(tasks[name].label in schema.nullable_labels for name in heads):
        return
    found = Outcomes.read(dataset, schema, tasks, split)
    for name in heads:
        unknown, rows = int(np.isnan(found.labels[name]).sum()), len(found.labels[name])
        if unknown:
            where = f"{unknown:,} of {rows:,} {split} rows"
            yield f"task `{name}`: label `{tasks[name].label}` is not known in {where}, which it leaves out"


def outcome_warnings(
    dataset: SplitTables, schema: Schema, tasks: Mapping[str, Task], heads: Sequence[str]
) -> Iterator[str]:
    """What is worth a warning, split by split: a task without rows, one whose outcome is always the same, weights of 0.

    Args:
        dataset: SplitTables. The prepared dataset.
        schema: Schema. Its columns.
        tasks: Mapping of str to Task. The tasks, and those that they are conditioned on.
        heads: Sequence of str. The tasks to look at.
    """
    for split in SPLITS:
        found = Outcomes.read(dataset, schema, tasks, split)
        cost = "there is nothing to tell apart" if split == "train" else "its AUC is not defined there"
        for name in heads:
            labels = found.labels[name][found.space(name)]
            among = f" with {found.conditions(name)}" if tasks[name].conditioned_on else ""
            if not len(labels):
                yield f"task `{name}`: no row of the {split} split has {_needed(found, schema, name)}"
            elif tasks[name].is_value and labels.min() == labels.max():
                what = f"`{tasks[name].label}` is {labels[0]:g} in every row of the {split} split{among}"
                yield f"task `{name}`: {what}; there is nothing to tell apart"
            elif labels.min() == labels.max():
                how = "every" if labels.max() else "no"
                yield f"task `{name}`: {how} row of the {split} split{among} has `{tasks[name].label}`; {cost}"
        for column in _idle_weights(found, schema, heads):
            yield f"weight `{column}`: the weights of the {split} split are all 0"


def _idle_weights(outcomes: Outcomes, schema: Schema, heads: Sequence[str]) -> list[str]:
    """The columns of weights that are 0 in every row."""
    columns = schema.row_weights
    return list(dict.fromkeys(columns[name] for name in heads if name in columns and not outcomes.weights[name].any()))


def _needed(outcomes: Outcomes, schema: Schema, name: str) -> str:
    """What a row must have for a task, in words, as in `click` and a known `order`."""
    task = outcomes.tasks[name]
    conditions = [outcomes.conditions(name)] if task.conditioned_on else []
    return " and ".join([*conditions, *([f"a known `{task.label}`"] if task.label in schema.nullable_labels else [])])
