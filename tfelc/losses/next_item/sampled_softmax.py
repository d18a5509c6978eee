"""Cross-entropy over the target and negatives that the whole batch shares."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from tfelc.losses.next_item.sampled_loss import SampledLoss

Tensor = Any

_LEFT_OUT = -1e9


class SampledSoftmax(SampledLoss):
    """Softmax over the target and `num_negatives` drawn items, the same for all rows of a batch.

    With the logQ correction a negative `j`, one of `n` draws with chance `q_j`, enters as `s(h, e_j) - log(n q_j)`, so
    that the sum over the draws estimates the sum over the catalog without bias. A draw that is the row's own target is
    left out.

    Args:
        counts: Array. How often each item is a target in training, by item number less 1, `(num_items,)`.
        num_negatives: int. Items that are drawn for each batch. Defaults to 1024.
        power: float. Draws go by `counts ** power`. Defaults to 0.5.
        log_q: bool. Whether to correct for the chances. Defaults to True.
        normalize: bool. Whether scores are cosines. Defaults to False.
        temperature: float. What scores are divided by. Defaults to 1.
        seed: int or None. Seed of the draws. Defaults to None.

    Raises:
        ValueError: No item is drawn, or the temperature is not positive.

    Example:
        >>> loss = SampledSoftmax(counts=np.array([8, 1, 1]), num_negatives=1000, power=1.0, seed=1)
        >>> table = ops.convert_to_tensor([[9.0, 9.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
        >>> round(float(loss(table[1:2], table, ops.convert_to_tensor([1]))), 2)  # over all items it is 0.55
        0.5

    Source: Bengio and Senecal (2008); the correction as in Yi et al. (2019).
    """

    def __init__(
        self,
        counts: NDArray[np.int64],
        num_negatives: int = 1024,
        power: float = 0.5,
        log_q: bool = True,
        normalize: bool = False,
        temperature: float = 1.0,
        seed: int | None = None,
    ) -> None:
        super().__init__(counts, num_negatives, power, normalize, temperature, seed)
        self.log_q = log_q

    def __call__(self, vectors: Tensor, table: Tensor, targets: Tensor) -> Tensor:
        """The mean loss."""
        drawn = self._sampler.draw((self.num_negatives,))
        rows = self.scaled(vectors)
        positives = self.scaled(ops.take(table, targets, axis=0))
        positive = ops.sum(rows * positives, axis=-1) / self.temperature
        negative = ops.matmul(rows, ops.transpose(self.scaled(ops.take(table, drawn, axis=0)))) / self.temperature
        if self.log_q:
            chances = math.log(self.num_negatives) + ops.take(self._sampler.log_chances, drawn - 1)
            negative = negative - chances[None, :]
        negative = ops.where(drawn[None, :] == targets[:, None], _LEFT_OUT, negative)
        logits = ops.concatenate([positive[:, None], negative], axis=1)
        return ops.mean(ops.logsumexp(logits, axis=1) - positive)
