"""Logits -> what is reported and served."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfelc.losses.task_heads.create_head import create_head
from tfelc.losses.task_heads.task_head import TaskHead
from tfelc.schema.task import Task
from tfelc.schema.task_chain import chain_of, joint_names

Tensor = Any


def task_outputs(
    tasks: Mapping[str, Task], logits: Mapping[str, Tensor], heads: Mapping[str, TaskHead] | None = None
) -> dict[str, Tensor]:
    """The probability or expected value of each head, and the joint outputs whose chain of heads is whole.

    A joint output is a product of probabilities, such as `ctcvr = ctr * cvr`, or of those and a value at the end, which
    is the value to be expected where the conditions may not come.

    Args:
        tasks: The heads' tasks and those that they are conditioned on.
        logits: Head -> float32 tensor of shape `(batch,)`, or `(batch, columns)` where it has several.
        heads: Head -> what its logits stand for. Defaults to None: those of the tasks' kinds, with scales of 1.

    Returns:
        Output name -> float32 tensor of shape `(batch,)`, heads first.

    Example:
        >>> from keras import ops
        >>> tasks = {"ctr": Task(label="clicked"), "like": Task(label="liked")}
        >>> outputs = task_outputs(tasks, {"ctr": ops.zeros(1), "like": ops.convert_to_tensor([-1.0])})
        >>> {name: round(float(value[0]), 4) for name, value in outputs.items()}
        {'ctr': 0.5, 'like': 0.2689}
    """
    outputs = {
        name: (heads[name] if heads else create_head(tasks[name])).prediction(each) for name, each in logits.items()
    }
    for joint, task in joint_names(tasks, list(logits)).items():
        first, *others = (outputs[link] for link in chain_of(tasks, task))
        for other in others:
            first = first * other
        outputs[joint] = first
    return outputs
