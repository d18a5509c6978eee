"""The ranking term of each task over its sample space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfelc.losses.joint_logarithms import joint_logarithms
from tfelc.losses.ranking.ranking_term import RankingTerm, run_numbers
from tfelc.losses.sample_space import sample_space
from tfelc.losses.sampled_negatives import weights_of_sample
from tfelc.schema.task import Task
from tfelc.schema.task_chain import chain_of

Tensor = Any


def ranked_tasks(tasks: Mapping[str, Task], heads: Sequence[str]) -> list[str]:
    """Those of `heads` that a ranking term is of: the binary ones.

    Example:
        >>> ranked_tasks({"ctr": Task(label="clicked"), "watch": Task(label="s", kind="watch_time")}, ["ctr", "watch"])
        ['ctr']
    """
    return [name for name in heads if tasks[name].kind == "binary"]


def ranking_losses(
    term: RankingTerm,
    tasks: Mapping[str, Task],
    labels: Mapping[str, Tensor],
    logits: Mapping[str, Tensor],
    groups: Tensor,
    weights: Tensor | Mapping[str, Tensor] | None = None,
) -> dict[str, Tensor]:
    """The ranking term of each binary task, over the rows and the weights that its own loss has; see `task_losses`.

    With `space: entire` the logit of the product of the probabilities is what orders the rows.

    Args:
        term: The term.
        tasks: As of `task_losses`.
        labels: As of `task_losses`.
        logits: As of `task_losses`.
        groups: Whole numbers, `(batch,)`: rows of one number that lie side by side are ranked together, those of a
            negative one with none.
        weights: As of `task_losses`. Defaults to None: all 1.

    Returns:
        Task -> scalar, not yet weighed.

    Example:
        >>> from keras import ops
        >>> from tfelc.losses.ranking.listwise import ListwiseTerm
        >>> labels = {"ctr": ops.convert_to_tensor([1.0, 0.0, 1.0])}
        >>> logits, groups = {"ctr": ops.zeros(3)}, ops.convert_to_tensor([4, 4, 7])  # the last row's user has no other
        >>> losses = ranking_losses(ListwiseTerm(0.1), {"ctr": Task(label="clicked")}, labels, logits, groups)
        >>> round(float(losses["ctr"]), 4)  # log 2
        0.6931
    """
    runs = run_numbers(groups)
    weights = weights_of_sample(tasks, labels, list(logits), weights)
    losses = {}
    for name in ranked_tasks(tasks, list(logits)):
        label, rows = sample_space(tasks, labels, name)
        own = weights.get(name) if isinstance(weights, Mapping) else weights
        scores = logits[name]
        if tasks[name].space == "entire":
            log_p, log_not_p = joint_logarithms([logits[link] for link in chain_of(tasks, name)])
            scores = log_p - log_not_p
        losses[name] = term.loss(label, scores, rows if own is None else rows * own, runs)
    return losses
