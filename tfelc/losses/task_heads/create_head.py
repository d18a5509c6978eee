"""The head of a task."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfelc.losses.task_heads.binary_head import BinaryHead
from tfelc.losses.task_heads.lifetime_value_head import LifetimeValueHead
from tfelc.losses.task_heads.ordinal_head import OrdinalHead
from tfelc.losses.task_heads.regression_head import RegressionHead
from tfelc.losses.task_heads.task_head import TaskHead
from tfelc.losses.task_heads.value_scale import ValueScale
from tfelc.losses.task_heads.watch_time_head import WatchTimeHead
from tfelc.schema.task import Task, TaskKind

HEADS: dict[TaskKind, type[TaskHead]] = {
    "binary": BinaryHead,
    "regression": RegressionHead,
    "watch_time": WatchTimeHead,
    "lifetime_value": LifetimeValueHead,
    "ordinal": OrdinalHead,
}


def create_head(task: Task, scale: ValueScale | None = None) -> TaskHead:
    """The head of a task's kind, with its options.

    Args:
        task: Task. The task.
        scale: ValueScale. What its training labels are like, as `fitted_scale` says. Defaults to None: center 0 and
            spread 1.

    Example:
        >>> create_head(Task(label="spent", kind="lifetime_value")).columns
        3
    """
    if task.kind == "regression":
        return RegressionHead(scale, task.loss, log=task.scale == "log")
    if task.levels is not None:
        return OrdinalHead(task.levels)
    return HEADS[task.kind](scale)


def fitted_scale(task: Task, labels: NDArray[np.float32]) -> ValueScale:
    """The scale of a task's training labels.

    Args:
        task: Task. The task.
        labels: Its known labels on the rows that it is trained on, `(rows,)`.

    Example:
        >>> fitted_scale(Task(label="seconds", kind="watch_time"), np.array([10, 50], np.float32)).spread
        30.0
    """
    if task.kind == "regression" and task.scale == "log":
        return RegressionHead.fitted_log(labels)
    return HEADS[task.kind].fitted(labels)
