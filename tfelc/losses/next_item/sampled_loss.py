"""What the losses that draw items have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.losses.next_item.negative_sampler import NegativeSampler
from tfelc.losses.next_item.next_item_loss import NextItemLoss


class SampledLoss(NextItemLoss):
    """A loss that sets the target against items it draws; a subclass writes `__call__`.

    Args:
        counts: Array. How often each item is a target in training, `(num_items,)`.
        num_negatives: int. Items that are drawn.
        power: float. What counts are raised to for the chance of an item; 0 draws uniformly.
        normalize: bool. As for `NextItemLoss`.
        temperature: float. As for `NextItemLoss`.
        seed: int or None. Seed of the draws.

    Raises:
        ValueError: No item is drawn, or the temperature is not positive.

    Example:
        >>> from keras import ops
        >>> class Margin(SampledLoss):
        ...     def __call__(self, vectors, table, targets):
        ...         drawn = ops.take(table, self._sampler.draw((self.num_negatives,)), axis=0)
        ...         wanted = ops.sum(vectors * ops.take(table, targets, axis=0), axis=-1)
        ...         return ops.mean(ops.relu(1 + vectors @ ops.transpose(drawn) - wanted[:, None]))
        >>> loss = Margin(np.ones(1, int), 3, power=0.0, normalize=False, temperature=1.0, seed=1)
        >>> float(loss(ops.ones((1, 2)), ops.ones((2, 2)), ops.convert_to_tensor([1])))
        1.0
    """

    takes_rows = True

    def __init__(
        self,
        counts: NDArray[np.int64],
        num_negatives: int,
        power: float,
        normalize: bool,
        temperature: float,
        seed: int | None,
    ) -> None:
        super().__init__(normalize, temperature)
        if num_negatives < 1:
            raise ValueError(f"`num_negatives` must be at least 1. Received: num_negatives={num_negatives}")
        self.num_negatives = num_negatives
        self._sampler = NegativeSampler(counts, power, seed)

    @property
    def variables(self) -> list[Any]:
        """The random state of the draws."""
        return [self._sampler.draws.state]
