"""Binary cross-entropy of the target and a few negatives, plain or calibrated for the number drawn (gBCE)."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from tfelc.losses.next_item.sampled_loss import SampledLoss

Tensor = Any


class BinaryCrossEntropy(SampledLoss):
    """`-(b log sigma(s+) + sum_j log(1 - sigma(s_j)))` over the target and a few uniform draws for each row.

    `b = a (t (1 - 1 / a) + 1 / a)` with the sampling rate `a = num_negatives / (num_items - 1)` and the calibration
    `t`. `t = 0` gives b = 1, the plain loss; `t = 1` gives b = a, whose scores are those of a full softmax. A draw that
    is the row's target is left out; one that stands in the row's history is not, being rare in a catalog of thousands.

    Args:
        counts: Array. How often each item is a target in training, `(num_items,)`; only their number matters here.
        num_negatives: int. Items that are drawn for each row. Defaults to 1, the paper's.
        calibration: float. `t`, in [0, 1]. Defaults to 0.
        normalize: bool. Whether scores are cosines. Defaults to False.
        temperature: float. What scores are divided by. Defaults to 1.
        seed: int or None. Seed of the draws. Defaults to None.

    Raises:
        ValueError: No item is drawn, `calibration` lies outside [0, 1], or the temperature is not positive.

    Example:
        >>> loss = BinaryCrossEntropy(counts=np.ones(2, int), num_negatives=4, seed=1)
        >>> table = ops.convert_to_tensor([[9.0, 9.0], [1.0, 0.0], [-1.0, 0.0]])
        >>> round(float(loss(ops.convert_to_tensor([[1.0, 0.0]]), table, ops.convert_to_tensor([1]))), 4)
        0.9398

    Source: SASRec (Kang and McAuley, 2018) for the plain loss, which ELCRec uses; gBCE: Petrov and Macdonald (2023).
    """

    def __init__(
        self,
        counts: NDArray[np.int64],
        num_negatives: int = 1,
        calibration: float = 0.0,
        normalize: bool = False,
        temperature: float = 1.0,
        seed: int | None = None,
    ) -> None:
        super().__init__(counts, num_negatives, 0.0, normalize, temperature, seed)
        if not 0 <= calibration <= 1:
            raise ValueError(f"`calibration` must lie in [0, 1]. Received: calibration={calibration}")
        rate = min(num_negatives / max(len(counts) - 1, 1), 1.0)
        self.exponent = rate * (calibration * (1 - 1 / rate) + 1 / rate)

    def __call__(self, vectors: Tensor, table: Tensor, targets: Tensor) -> Tensor:
        """The mean loss."""
        rows = self.scaled(vectors)
        drawn = self._sampler.draw((ops.shape(targets)[0], self.num_negatives))
        positive = ops.sum(rows * self.scaled(ops.take(table, targets, axis=0)), axis=-1) / self.temperature
        negatives = self.scaled(ops.take(table, drawn, axis=0))
        negative = ops.matmul(negatives, rows[:, :, None])[:, :, 0] / self.temperature
        counted = ops.cast(drawn != targets[:, None], negative.dtype)
        loss = self.exponent * ops.softplus(-positive) + ops.sum(counted * ops.softplus(negative), axis=-1)
        return ops.mean(loss)
