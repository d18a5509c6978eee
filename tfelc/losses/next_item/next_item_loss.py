"""What every loss of the next item has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from tfelc.losses.l2_normalized import l2_normalized

Tensor = Any


class NextItemLoss(ABC):
    """A loss of predicting one item of the catalog from a vector.

    The score of an item is the dot product of the vector and the item's embedding, over `temperature`; with `normalize`
    both are L2-normalized first, and it is a cosine over `temperature`.

    Args:
        normalize: bool. Whether scores are cosines. Defaults to False.
        temperature: float. Defaults to 1.
    """

    def __init__(self, normalize: bool = False, temperature: float = 1.0) -> None:
        if temperature <= 0:
            raise ValueError(f"`temperature` must be above 0. Received: temperature={temperature}")
        self.normalize = normalize
        self.temperature = temperature

    @property
    def variables(self) -> list[Any]:
        """The random state, which a run that goes on needs."""
        return []

    @abstractmethod
    def __call__(self, vectors: Tensor, table: Tensor, targets: Tensor) -> Tensor:
        """The mean loss.

        Args:
            vectors: `(rows, dim)`.
            table: `(items + 1, dim)`; row 0 is padding and never a candidate.
            targets: int32, `(rows,)`, from 1 to `items`.
        """

    def scaled(self, rows: Tensor) -> Tensor:
        """The rows as they enter the scores."""
        return l2_normalized(rows) if self.normalize else rows
