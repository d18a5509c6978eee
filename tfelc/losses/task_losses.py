"""The loss of each task over its sample space, from logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import ops

from tfelc.schema.task import Task
from tfelc.schema.task_chain import chain_of, joint_label

Tensor = Any


def binary_cross_entropy(labels: Tensor, logits: Tensor) -> Tensor:
    """`-y log sigmoid(z) - (1 - y) log(1 - sigmoid(z))` for each row, without overflow.

    Args:
        labels: Tensor. Floats of 0 and 1, `(batch,)`.
        logits: Tensor. `z`, `(batch,)`.

    Returns:
        Tensor of shape `(batch,)`.

    Example:
        >>> binary_cross_entropy(ops.convert_to_tensor([1.0, 0.0]), ops.convert_to_tensor([0.0, 3.0])).numpy().round(4)
        array([0.6931, 3.0486], dtype=float32)
    """
    # By softplus, whose gradient is right at a logit of 0 too, where those of relu and abs are not.
    return labels * ops.softplus(-logits) + (1.0 - labels) * ops.softplus(logits)


def joint_cross_entropy(labels: Tensor, chain: list[Tensor]) -> Tensor:
    """Cross-entropy of a product of probabilities, `p = prod_i sigmoid(z_i)`, for each row (ESMM, Ma et al. 2018).

    `log p = sum_i log sigmoid(z_i)`, and `1 - p = sum_i (1 - sigmoid(z_i)) prod_{j < i} sigmoid(z_j)`: which outcome of
    the chain was the first that did not happen. A sum of positive terms in logarithms, so that nothing cancels or
    overflows, and a sure click without a conversion still has its full gradient.

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
    log_p = ops.zeros_like(chain[0])
    log_first_miss = []
    for logits in chain:
        log_first_miss.append(log_p - ops.softplus(logits))
        log_p = log_p - ops.softplus(-logits)
    log_not_p = ops.logsumexp(ops.stack(log_first_miss), axis=0)
    return -(labels * log_p + (1.0 - labels) * log_not_p)


def task_losses(
    tasks: Mapping[str, Task],
    labels: Mapping[str, Tensor],
    logits: Mapping[str, Tensor],
    weights: Tensor | None = None,
) -> dict[str, Tensor]:
    """The mean loss of each task over the rows of its sample space.

    A task without `conditioned_on` is trained on all rows; with `space: conditional` on the rows where that outcome
    happened (a batch without any contributes 0); with `space: entire` on all rows, through the product of the
    probabilities.

    Args:
        tasks: The tasks to train and those that they are conditioned on.
        labels: Task -> float tensor of 0 and 1, shape `(batch,)`, for all of `tasks`.
        logits: Task -> float32 tensor of shape `(batch,)`, for the tasks to train.
        weights: Optional weight of each row, shape `(batch,)`.

    Returns:
        Task -> scalar.

    Example:
        >>> tasks = {"ctr": Task(label="clicked"), "like": Task(label="liked")}
        >>> labels = {"ctr": ops.convert_to_tensor([1.0, 0.0]), "like": ops.convert_to_tensor([0.0, 0.0])}
        >>> losses = task_losses(tasks, labels, {"ctr": ops.zeros(2), "like": ops.convert_to_tensor([-3.0, 3.0])})
        >>> {task: round(float(loss), 4) for task, loss in losses.items()}
        {'ctr': 0.6931, 'like': 1.5486}
    """
    losses = {}
    for name in logits:
        task = tasks[name]
        rows = ops.ones_like(logits[name]) if weights is None else weights
        if task.conditioned_on is None:
            values = binary_cross_entropy(labels[name], logits[name])
        elif task.space == "conditional":
            values = binary_cross_entropy(labels[name], logits[name])
            rows = rows * joint_label(tasks, labels, task.conditioned_on)
        else:
            chain = [logits[link] for link in chain_of(tasks, name)]
            values = joint_cross_entropy(joint_label(tasks, labels, name), chain)
        losses[name] = ops.sum(values * rows) / ops.maximum(ops.sum(rows), 1e-6)
    return losses
