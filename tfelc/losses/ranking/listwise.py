"""Listwise softmax loss within users."""

from __future__ import annotations

from typing import Any

from keras import ops

from tfelc.core.batch_parts import batch_parts
from tfelc.losses.ranking.ranking_term import RankingTerm

Tensor = Any


class ListwiseTerm(RankingTerm):
    """Cross-entropy of a softmax over the rows of one user, in which his positives share the probability (ListNet).

    Each positive `i` adds `log sum_j exp(z_j) - z_i`, `j` over all rows of its user in the batch; users without both a
    positive and a negative add nothing. A row of weight 2 counts as two rows. Time and memory are linear in the batch.

    Args:
        weight: What it weighs beside the task's own loss.

    Example:
        >>> labels, logits = ops.convert_to_tensor([1.0, 0.0, 1.0]), ops.convert_to_tensor([2.0, 1.0, 0.0])
        >>> loss = ListwiseTerm(0.1).loss(labels, logits, ops.ones(3), ops.convert_to_tensor([0, 0, 1]))
        >>> round(float(loss), 4)  # -log(e^2 / (e^2 + e)): the second user has no negative
        0.3133

    Source: Cao et al. (2007), learning to rank: from pairwise approach to listwise approach, with the top-one
    probabilities of labels of 0 and 1 as Bruch et al. (2019) have them.
    """

    def loss(self, labels: Tensor, logits: Tensor, rows: Tensor, runs: Tensor) -> Tensor:
        """See `RankingTerm.loss`."""
        count = ops.shape(logits)[0]
        counts = rows > 0
        # Of a row that does not count, neither a large logit nor a gradient goes into the sum.
        logits = ops.where(counts, logits, ops.zeros_like(logits))
        lowest = ops.full_like(logits, -3e38)
        peaks = ops.segment_max(ops.stop_gradient(ops.where(counts, logits, lowest)), runs, count)
        shifted = ops.where(counts, logits - ops.take(peaks, runs), ops.zeros_like(logits))
        positives = rows * labels
        both = ops.logical_and(
            ops.segment_sum(positives, runs, count) > 0, ops.segment_sum(rows * (1.0 - labels), runs, count) > 0
        )
        sums = ops.segment_sum(rows * ops.exp(shifted), runs, count)
        logarithms = ops.log(ops.where(both, sums, ops.ones_like(sums)))
        positives = positives * ops.cast(ops.take(both, runs), positives.dtype)
        (total,) = batch_parts().mean([ops.sum(positives)])
        losses = ops.take(logarithms, runs) - shifted
        return ops.sum(losses * positives) / ops.where(total > 0, total, ops.ones_like(total))
