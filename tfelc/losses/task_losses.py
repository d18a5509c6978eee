"""The loss of each task over its sample space, from logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import ops

from tfelc.core.batch_parts import batch_parts
from tfelc.losses.joint_logarithms import joint_logarithms
from tfelc.losses.late_cross_entropy import late_cross_entropy
from tfelc.losses.sample_space import sample_space
from tfelc.losses.sampled_negatives import logits_of_sample, weights_of_sample
from tfelc.losses.task_heads.create_head import create_head
from tfelc.losses.task_heads.task_head import TaskHead
from tfelc.schema.task import Task
from tfelc.schema.task_chain import chain_of

Tensor = Any


def joint_cross_entropy(labels: Tensor, chain: list[Tensor]) -> Tensor:
    """Cross-entropy of a product of probabilities, `p = prod_i sigmoid(z_i)`, for each row (ESMM, Ma et al. 2018).

    Computed in logarithms (`joint_logarithms`), so that nothing cancels or overflows, and a sure click without a
    conversion still has its full gradient.

    Args:
        labels: Tensor. Floats, `(batch,)`: 1 where every outcome of the chain happened, else 0.
        chain: List of Tensor. The logits, `(batch,)` each.

    Returns:
        Tensor of shape `(batch,)`.

    Example:
        >>> clicked_and_bought = ops.convert_to_tensor([1.0, 0.0])
        >>> logits = ops.zeros(2)  # p = 0.5 * 0.5
        >>> joint_cross_entropy(clicked_and_bought, [logits, logits]).numpy().round(4)  # -log 0.25, -log 0.75
        array([1.3863, 0.2877], dtype=float32)
    """
    log_p, log_not_p = joint_logarithms(chain)
    return -(labels * log_p + (1.0 - labels) * log_not_p)


def task_losses(
    tasks: Mapping[str, Task],
    labels: Mapping[str, Tensor],
    logits: Mapping[str, Tensor],
    weights: Tensor | Mapping[str, Tensor] | None = None,
    heads: Mapping[str, TaskHead] | None = None,
) -> dict[str, Tensor]:
    """The mean loss of each task over the rows of its sample space.

    A task without `conditioned_on` is trained on all rows; with `space: conditional` on the rows where that outcome
    happened (a batch without any contributes 0); with `space: entire` on all rows, through the product of the
    probabilities. A row whose label is not known counts for no task that needs it; where another label of a product is
    0, that decides. Where a share of a task's negatives was kept, its logits and the weights of the others' rows are
    corrected for it; see `tfelc.losses.sampled_negatives`.

    Args:
        tasks: The tasks to train and those that they are conditioned on.
        labels: Task -> float tensor, of 0 and 1 for a binary task, NaN where it is not known, shape `(batch,)`, for all
            of `tasks`. Of one with `delay.immature: weight` also as `late_cross_entropy` takes it.
        logits: Task -> float32 tensor of shape `(batch,)`, or `(batch, columns)` where the head has several, for the
            tasks to train.
        weights: Weight of each row, shape `(batch,)`; or task -> such weights, of the tasks that have some. Defaults
            to None: all 1.
        heads: Task -> what its logits stand for. Defaults to None: those of the tasks' kinds, with scales of 1.

    Returns:
        Task -> scalar.

    Example:
        >>> tasks = {"ctr": Task(label="clicked"), "like": Task(label="liked")}
        >>> labels = {"ctr": ops.convert_to_tensor([1.0, 0.0]), "like": ops.convert_to_tensor([0.0, 0.0])}
        >>> losses = task_losses(tasks, labels, {"ctr": ops.zeros(2), "like": ops.convert_to_tensor([-3.0, 3.0])})
        >>> {task: round(float(loss), 4) for task, loss in losses.items()}
        {'ctr': 0.6931, 'like': 1.5486}
    """
    weights, logits = weights_of_sample(tasks, labels, list(logits), weights), logits_of_sample(tasks, logits)
    sums, counts = {}, {}
    for name in logits:
        own = weights.get(name) if isinstance(weights, Mapping) else weights
        head = heads[name] if heads else create_head(tasks[name])
        values, rows = _row_losses(tasks, name, head, labels, logits)
        rows = rows if own is None else rows * own
        sums[name], counts[name] = ops.sum(values * rows), ops.sum(rows)
    # A part of a batch may hold more of a task's rows than another: what it divides by is of the whole batch.
    means = batch_parts().mean(list(counts.values()))
    return {name: sums[name] / ops.maximum(count, 1e-6) for name, count in zip(sums, means, strict=True)}


def _row_losses(
    tasks: Mapping[str, Task],
    name: str,
    head: TaskHead,
    labels: Mapping[str, Tensor],
    logits: Mapping[str, Tensor],
) -> tuple[Tensor, Tensor]:
    """The loss of each row, and 1 for the rows of the task's sample space, else 0."""
    label, rows = sample_space(tasks, labels, name)
    task = tasks[name]
    chain = [logits[link] for link in chain_of(tasks, name)] if task.space == "entire" else [logits[name]]
    if task.delay is not None and task.delay.immature == "weight":
        return late_cross_entropy(label, *joint_logarithms(chain)), rows
    if task.space == "entire":
        return joint_cross_entropy(label, chain), rows
    return head.loss(label, logits[name]), rows
