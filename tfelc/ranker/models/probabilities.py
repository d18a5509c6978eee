"""Logits -> the probabilities that are reported and served."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import ops

from tfelc.schema.task import Task
from tfelc.schema.task_chain import chain_of, joint_names

Tensor = Any


def probabilities(tasks: Mapping[str, Task], logits: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """One probability per head, and the joint ones, such as `ctcvr = ctr * cvr`, whose chain of heads is whole.

    Args:
        tasks: The heads' tasks and those that they are conditioned on.
        logits: Head -> float32 tensor of shape `(batch,)`.

    Returns:
        Output name -> float32 tensor of shape `(batch,)`, heads first.

    Example:
        >>> tasks = {"ctr": Task(label="clicked"), "like": Task(label="liked")}
        >>> outputs = probabilities(tasks, {"ctr": ops.zeros(1), "like": ops.convert_to_tensor([-1.0])})
        >>> {name: round(float(value[0]), 4) for name, value in outputs.items()}
        {'ctr': 0.5, 'like': 0.2689}
    """
    outputs = {name: ops.sigmoid(logit) for name, logit in logits.items()}
    for joint, task in joint_names(tasks, list(logits)).items():
        first, *others = (outputs[link] for link in chain_of(tasks, task))
        for other in others:
            first = first * other
        outputs[joint] = first
    return outputs
