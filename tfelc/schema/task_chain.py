"""Which tasks are trained, and the chains of outcomes between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfelc.core.errors import UsageError
from tfelc.schema.schema import Schema
from tfelc.schema.score import score_formula
from tfelc.schema.task import Task
from tfelc.schema.task_settings import TaskSettings


def select_tasks(schema: Schema, names: Sequence[str], settings: Mapping[str, TaskSettings]) -> dict[str, Task]:
    """The named tasks and, after them, those that they are conditioned on; with the settings' differences applied.

    The task whose negatives are sampled is among them, since its label says which rows stand for others.

    Raises:
        UsageError: A name is no task of the schema or repeats, or a task over the entire space lacks the head that it
            multiplies with.
    """
    for name in [*names, *settings]:
        if name not in schema.tasks:
            raise UsageError(f"no task `{name}` in schema `{schema.name}`; it declares {', '.join(schema.tasks)}")
    if not names or len(set(names)) < len(names):
        raise UsageError(
            f"`tasks` takes different task names, of {', '.join(schema.tasks)}. Received: {','.join(names)}", ["tasks"]
        )
    changes = {name: change.model_dump(exclude_none=True) for name, change in settings.items()}
    all_tasks = {name: task.model_copy(update=changes.get(name, {})) for name, task in schema.tasks.items()}
    for name in names:
        task = all_tasks[name]
        if task.space == "entire" and task.is_value:
            raise UsageError(f"task `{name}` of kind `{task.kind}` predicts no probability, so it has no entire space")
        if task.space == "entire" and task.conditioned_on is None:
            raise UsageError(f"task `{name}` is conditioned on no other, so it has no entire space to be trained over")
        absent = [link for link in chain_of(all_tasks, name) if link not in names]
        if task.space == "entire" and absent:
            raise UsageError(
                f"task `{name}` over the entire space needs the head of `{absent[0]}`: add it to `tasks`", ["tasks"]
            )
    needed = [link for name in names for link in chain_of(all_tasks, name)]
    if schema.sampled_task is not None:
        needed.append(schema.sampled_task)
    return {name: all_tasks[name] for name in dict.fromkeys([*names, *needed])}


def joint_names(tasks: Mapping[str, Task], heads: Sequence[str]) -> dict[str, str]:
    """Name of each joint output, such as `ctcvr`, -> its task; only where every head of the chain is there."""
    return {
        tasks[name].joint or f"{tasks[name].conditioned_on}_{name}": name
        for name in heads
        if tasks[name].conditioned_on is not None and all(link in heads for link in chain_of(tasks, name))
    }


def value_outputs(tasks: Mapping[str, Task], heads: Sequence[str]) -> frozenset[str]:
    """The outputs that are quantities and no probabilities, joint ones among them."""
    joints = joint_names(tasks, heads)
    ends = {**{name: name for name in heads}, **joints}
    return frozenset(output for output, name in ends.items() if tasks[name].is_value)


def chain_of(tasks: Mapping[str, Task], name: str) -> list[str]:
    """The task, the one that it is conditioned on, and so on."""
    chain = []
    link: str | None = name
    while link is not None:
        chain.append(link)
        link = tasks[link].conditioned_on
    return chain


def joint_label(tasks: Mapping[str, Task], labels: Mapping[str, Any], name: str) -> Any:
    """The product of the labels along a task's chain: 1 where every outcome happened.

    A label that is not known is NaN, and so is the product, unless another one is 0, which decides. One that comes late
    decides where it is not known: that its row is too young must not depend on what else happened, or young rows would
    be judged by their zeros alone.
    """
    import numpy as np

    chain = chain_of(tasks, name)
    first, *others = (labels[link] for link in chain)
    decided = first == 0
    for label in others:
        decided = decided | (label == 0)
        first = first * label
    product = np.where(decided, np.zeros_like(first), first)
    for link in chain:
        if tasks[link].delay is not None:
            product = np.where(np.isnan(labels[link]), labels[link], product)
    return product


def absent_outputs(text: str | None, tasks: Mapping[str, Task], heads: Sequence[str]) -> list[str]:
    """The outputs that a formula reads and that a ranker with these heads does not have.

    Args:
        text: str or None. The formula; None for none.
        tasks: Mapping of name to Task. All the tasks of the schema.
        heads: Sequence of str. The tasks that are predicted.
    """
    if text is None:
        return []
    there = {*heads, *joint_names(tasks, heads)}
    return [name for name in score_formula(text, tasks).used if name not in there]
