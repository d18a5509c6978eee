"""What of the outcomes leaves a task without anything to learn or to be judged by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tfelc.core.errors import DataError
from tfelc.data.split_tables import SplitTables
from tfelc.data.splits import SPLITS
from tfelc.ranker.data.outcomes import Outcomes
from tfelc.schema.schema import Schema
from tfelc.schema.task import Task


def refuse_unlearnable(dataset: SplitTables, schema: Schema, tasks: Mapping[str, Task], heads: Sequence[str]) -> None:
    """Refuses data from which a task would learn nothing at all, so that its random start would pass for a model.

    Raises:
        DataError: The weights of the training split are all 0, or no row of it is one that a task is trained on.
    """
    train = Outcomes.read(dataset, schema, tasks, "train")
    counted = True if train.weights is None else train.weights > 0
    if train.weights is not None and not train.weights.any():
        raise DataError(f"weight `{next(iter(schema.of_kind('weight')))}`: the weights of the training split are all 0")
    for name in heads:
        # Over the entire space a task learns from every row.
        if tasks[name].space == "conditional" and not (train.space(name) & counted).any():
            weighed = " and a weight above 0" if train.space(name).any() else ""
            raise DataError(f"task `{name}`: no row of the training split has {train.conditions(name)}{weighed}")


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
                yield f"task `{name}`: no row of the {split} split has {found.conditions(name)}"
            elif labels.min() == labels.max():
                how = "every" if labels.max() else "no"
                yield f"task `{name}`: {how} row of the {split} split{among} has `{tasks[name].label}`; {cost}"
        if found.weights is not None and not found.weights.any():
            yield f"weight `{next(iter(schema.of_kind('weight')))}`: the weights of the {split} split are all 0"
