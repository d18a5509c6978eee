"""Pairs of the target and a drawn item, of which the target is to score higher (BPR)."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from tfelc.losses.next_item.sampled_loss import SampledLoss

Tensor = Any


class BayesianPersonalizedRanking(SampledLoss):
    """`-log sigma(s+ - s_j) + regularization (|h|^2 + |e+|^2 + |e_j|^2) / 2`, the mean over uniform draws for each row.

    A draw that is the row's target is left out; one that stands in the row's history is not, being rare in a catalog of
    thousands.

    Args:
        counts: Array. How often each item is a target in training, `(num_items,)`; only their number matters here.
        num_negatives: int. Items that are drawn for each row. Defaults to 1, the source's.
        regularization: float. Weight of the squared lengths of what is compared. Defaults to 0.
        normalize: bool. Whether scores are cosines. Defaults to False.
        temperature: float. What scores are divided by. Defaults to 1.
        seed: int or None. Seed of the draws. Defaults to None.

    Raises:
        ValueError: No item is drawn, `regularization` is negative, or the temperature is not positive.

    Example:
        >>> loss = BayesianPersonalizedRanking(counts=np.ones(2, int), num_negatives=100, seed=1)
        >>> table = ops.convert_to_tensor([[9.0, 9.0], [1.0, 0.0], [-1.0, 0.0]])
        >>> round(float(loss(ops.convert_to_tensor([[1.0, 0.0]]), table, ops.convert_to_tensor([1]))), 4)  # of 1 to -1
        0.1269

    Source: BPR-Opt (Rendle et al., 2009, section 4.1).
    """

    def __init__(
        self,
        counts: NDArray[np.int64],
        num_negatives: int = 1,
        regularization: float = 0.0,
        normalize: bool = False,
        temperature: float = 1.0,
        seed: int | None = None,
    ) -> None:
        super().__init__(counts, num_negatives, 0.0, normalize, temperature, seed)
        if regularization < 0:
            raise ValueError(f"`regularization` must be at least 0. Received: regularization={regularization}")
        self.regularization = regularization

    def __call__(self, vectors: Tensor, table: Tensor, targets: Tensor) -> Tensor:
        """The mean loss; a batch all of whose draws are targets has 0."""
        drawn = self._sampler.draw((ops.shape(targets)[0], self.num_negatives))
        rows = self.scaled(vectors)
        positives = self.scaled(ops.take(table, targets, axis=0))
        negatives = self.scaled(ops.take(table, drawn, axis=0))
        positive = ops.sum(rows * positives, axis=-1)
        negative = ops.matmul(negatives, rows[:, :, None])[:, :, 0]
        loss = ops.softplus((negative - positive[:, None]) / self.temperature)
        if self.regularization:
            lengths = ops.sum(rows**2 + positives**2, axis=-1)[:, None] + ops.sum(negatives**2, axis=-1)
            loss = loss + self.regularization / 2 * lengths
        counted = ops.cast(drawn != targets[:, None], loss.dtype)
        return ops.sum(counted * loss) / ops.maximum(ops.sum(counted), 1.0)
