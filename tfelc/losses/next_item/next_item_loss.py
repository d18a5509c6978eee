"""What every loss of the next item has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from tfelc.losses.l2_normalized import l2_normalized

Tensor = Any


class NextItemLoss(ABC):
    """A loss of predicting one item of the catalog from a vector.

    The score of an item is the dot product of the vector and the item's embedding, over `temperature`; with `normalize`
    both are L2-normalized first, and it is a cosine over `temperature`.

    A subclass writes `__call__`; see `docs/adding.md`.

    Args:
        normalize: bool. Whether scores are cosines. Defaults to False.
        temperature: float. What scores are divided by. Defaults to 1.

    Raises:
        ValueError: The temperature is not positive.

    Example:
        >>> from keras import ops
        >>> class MeanScore(NextItemLoss):
        ...     def __call__(self, vectors, table, targets):
        ...         return -ops.mean(ops.sum(vectors * ops.take(table, targets, axis=0), axis=-1)) / self.temperature
        >>> float(MeanScore(temperature=0.5)(ops.ones((1, 2)), ops.eye(3, 2), ops.convert_to_tensor([1])))
        -2.0
    """

    # Whether it takes a few rows of the table and not the whole of it; then the table may go on behind the items.
    takes_rows: ClassVar[bool] = False

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
        """The mean loss, a scalar.

        Args:
            vectors: Tensor. What the model makes of each history, `(rows, dim)`.
            table: Tensor. The items' embeddings, `(num_items + 1, dim)`; row 0 is padding and never a candidate.
            targets: Tensor. The items that followed, int32 from 1 to `num_items`, `(rows,)`.
        """

    def scaled(self, rows: Tensor) -> Tensor:
        """The rows as they enter the scores."""
        return l2_normalized(rows) if self.normalize else rows
