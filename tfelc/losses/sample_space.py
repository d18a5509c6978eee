"""The rows that a task learns from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import ops

from tfelc.schema.task import Task
from tfelc.schema.task_chain import chain_of

Tensor = Any


def sample_space(tasks: Mapping[str, Task], labels: Mapping[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    """What happened in each row, and which rows are of a task's sample space; see `task_losses`.

    Args:
        tasks: The tasks, those that they are conditioned on among them.
        labels: Task -> float tensor of shape `(batch,)`, NaN where it is not known, for all of `tasks`.
        name: The task.

    Returns:
        The label, 0 where it is not known, over the `entire` space that of the whole chain; and 1 for the rows of the
        sample space, else 0.

    Example:
        >>> tasks = {"ctr": Task(label="clicked"), "cvr": Task(label="bought", conditioned_on="ctr")}
        >>> labels = {"ctr": ops.convert_to_tensor([1.0, 0.0]), "cvr": ops.convert_to_tensor([0.0, 0.0])}
        >>> sample_space(tasks, labels, "cvr")[1].numpy()
        array([1., 0.], dtype=float32)
    """
    task = tasks[name]
    if task.space == "entire":
        return _known(_joint_label(tasks, labels, name))
    label, known = _known(labels[name])
    if task.conditioned_on is not None:
        known = known * _known(_joint_label(tasks, labels, task.conditioned_on))[0]
    return label, known


def _joint_label(tasks: Mapping[str, Task], labels: Mapping[str, Tensor], name: str) -> Tensor:
    """`joint_label` of tensors."""
    chain = chain_of(tasks, name)
    first, *others = (labels[link] for link in chain)
    for label in others:
        decided = ops.logical_or(first == 0, label == 0)
        first = ops.where(decided, ops.zeros_like(first), first * label)
    for link in chain:
        if tasks[link].delay is not None:
            first = ops.where(ops.isnan(labels[link]), labels[link], first)
    return first


def _known(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Labels, 0 where they are not known, so that no gradient is NaN; and 1 where they are known, else 0."""
    known = ops.logical_not(ops.isnan(labels))
    return ops.where(known, labels, ops.zeros_like(labels)), ops.cast(known, labels.dtype)
