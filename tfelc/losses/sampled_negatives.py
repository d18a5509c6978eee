"""What training on a share of the negatives changes of a loss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from keras import ops

from tfelc.schema.task import Task
from tfelc.schema.task_chain import chain_of

Tensor = Any


def logits_of_sample(tasks: Mapping[str, Task], logits: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The logits of what comes among the rows that were kept, of logits of what comes among all rows.

    Where the share `r` of the negatives is kept, the odds of a positive are `1 / r` times what they are in the log: a
    loss over the kept rows sees `z - log r`, and `z` itself is the logit of the log, which is served.

    Args:
        tasks: The tasks by name.
        logits: Task -> tensor of logits.

    Example:
        >>> tasks = {"ctr": Task(label="clicked", negatives_kept=0.1)}
        >>> logits_of_sample(tasks, {"ctr": ops.convert_to_tensor([-2.0])})["ctr"].numpy().round(4)  # -2 + log 10
        array([0.3026], dtype=float32)

    Source: King and Zeng, "Logistic Regression in Rare Events Data", 2001, section 4.1 (prior correction).
    """
    moved = dict(logits)
    for name in moved:
        if (kept := tasks[name].negatives_kept) is not None:
            moved[name] = moved[name] - math.log(kept)
    return moved


def weights_of_sample(
    tasks: Mapping[str, Task],
    labels: Mapping[str, Tensor],
    names: list[str],
    weights: Tensor | Mapping[str, Tensor] | None = None,
) -> Tensor | Mapping[str, Tensor] | None:
    """Weights of rows, with which the kept negatives of a task stand for the dropped ones in the losses of others.

    A kept negative counts `1 / r` times for each task that has nothing to do with the sampled one. Those that are
    conditioned on it learn from its positives, which are all there.

    Args:
        tasks: The tasks by name.
        labels: Task -> its labels, NaN where one is not known, `(batch,)`; of the sampled task, too.
        names: The tasks whose weights are wanted.
        weights: Weight of each row, or of each row by task. Defaults to None: all 1.

    Returns:
        The same where no task is sampled, else task -> weights, of those that have some.

    Example:
        >>> tasks = {"ctr": Task(label="clicked", negatives_kept=0.25), "hide": Task(label="hidden")}
        >>> labels = {"ctr": ops.convert_to_tensor([1.0, 0.0])}
        >>> weights_of_sample(tasks, labels, ["ctr", "hide"])["hide"].numpy()
        array([1., 4.], dtype=float32)
    """
    sampled = next((name for name, task in tasks.items() if task.negatives_kept is not None), None)
    if sampled is None:
        return weights
    kept = tasks[sampled].negatives_kept
    assert kept is not None
    stands_for = ops.where(labels[sampled] == 0, 1.0 / kept, 1.0)
    found: dict[str, Tensor] = {}
    for name in names:
        own = weights.get(name) if isinstance(weights, Mapping) else weights
        if sampled not in chain_of(tasks, name):
            own = stands_for if own is None else stands_for * own
        if own is not None:
            found[name] = own
    return found
