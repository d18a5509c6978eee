"""What a batch's statistics are taken over, where each of several processes holds a part of the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

Tensor = Any


def _unchanged(tensors: Sequence[Tensor]) -> list[Tensor]:
    return list(tensors)


@dataclass(frozen=True)
class BatchParts:
    """The equal parts that a batch is split into, one a worker; gradients and losses are means over the workers.

    What is a mean over the rows, as most losses are, is right as it is, since the mean of the parts' means is that of
    the batch. What divides by a count of some rows alone, or is no mean, takes it from here.

    Attributes:
        count: Parts of the batch; 1 where it is whole.
        rank: The part that this process has, from 0.
        mean: Tensors -> the means of each over the parts. No gradient flows through them where there are several.

    Example:
        >>> batch_parts().count, batch_parts().mean([4.0])
        (1, [4.0])
    """

    count: int = 1
    rank: int = 0
    mean: Callable[[Sequence[Tensor]], list[Tensor]] = _unchanged


_PARTS: ContextVar[BatchParts] = ContextVar("batch_parts", default=BatchParts())  # noqa: B039 (frozen)


def batch_parts() -> BatchParts:
    """The parts of the batch that is being trained on; a single one unless `batch_split` says otherwise."""
    return _PARTS.get()


@contextmanager
def batch_split(parts: BatchParts) -> Iterator[None]:
    """Has `batch_parts` return these within the block.

    Args:
        parts: BatchParts. The parts.

    Example:
        >>> with batch_split(BatchParts(count=2, rank=1)):
        ...     print(batch_parts().rank)
        1
    """
    token = _PARTS.set(parts)
    try:
        yield
    finally:
        _PARTS.reset(token)
