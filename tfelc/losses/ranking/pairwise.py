"""Pairwise logistic loss within users."""

from __future__ import annotations

from typing import Any

from keras import ops

from tfelc.core.batch_parts import batch_parts
from tfelc.losses.ranking.ranking_term import RankingTerm

Tensor = Any


class PairwiseTerm(RankingTerm):
    """`softplus(-(z_i - z_j))` over pairs of a positive `i` and a negative `j` of one user (RankNet).

    Each positive has one negative of its user: the first positive in the order of the rows the first negative, the
    second the second, and so on, from the first negative again after the last one. Rows come in another order in each
    epoch, so that the pairs differ from epoch to epoch, and nothing random has to be resumed. Time and memory are
    linear in the batch. A pair weighs the product of its rows' weights.

    Args:
        weight: What it weighs beside the task's own loss.

    Example:
        >>> labels, logits = ops.convert_to_tensor([1.0, 0.0, 1.0]), ops.convert_to_tensor([2.0, 1.0, 0.0])
        >>> loss = PairwiseTerm(0.1).loss(labels, logits, ops.ones(3), ops.convert_to_tensor([0, 0, 1]))
        >>> round(float(loss), 4)  # log(1 + exp(-(2 - 1))): the second user has no negative
        0.3133

    Source: Burges et al. (2005), learning to rank using gradient descent.
    """

    def loss(self, labels: Tensor, logits: Tensor, rows: Tensor, runs: Tensor) -> Tensor:
        """See `RankingTerm.loss`."""
        positive = ops.logical_and(labels > 0.5, rows > 0)
        negative, known = _negatives(labels, rows, runs, positive)
        weights = ops.where(known, rows * ops.take(rows, negative), ops.zeros_like(rows))
        losses = ops.softplus(ops.take(logits, negative) - logits)
        (total,) = batch_parts().mean([ops.sum(weights)])
        return ops.sum(losses * weights) / ops.where(total > 0, total, ops.ones_like(total))


def _negatives(labels: Tensor, rows: Tensor, runs: Tensor, positive: Tensor) -> tuple[Tensor, Tensor]:
    """The row of each positive's negative, and whether there is one; of a row that is no positive, any."""
    count = ops.shape(labels)[0]
    counts = {
        True: ops.cast(positive, "int32"),
        False: ops.cast(ops.logical_and(labels <= 0.5, rows > 0), "int32"),
    }
    of_run = {is_positive: ops.segment_sum(each, runs, count) for is_positive, each in counts.items()}
    before = {is_positive: ops.cumsum(each) - each for is_positive, each in of_run.items()}
    number = {is_positive: ops.cumsum(each) - each for is_positive, each in counts.items()}
    # Row of the n-th negative of the batch. The rows of a run lie side by side, and so do the numbers of its negatives.
    places = ops.segment_sum(counts[False] * ops.arange(count, dtype="int32"), counts[False] * number[False], count)
    choices = ops.take(of_run[False], runs)
    turn = ops.mod(number[True] - ops.take(before[True], runs), ops.maximum(choices, 1))
    chosen = ops.minimum(ops.take(before[False], runs) + turn, count - 1)
    return ops.take(places, chosen), ops.logical_and(positive, choices > 0)
