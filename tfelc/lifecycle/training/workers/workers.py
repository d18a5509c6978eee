"""What the workers of one training say to each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tfelc.core.batch_parts import BatchParts


class Workers:
    """A training's only worker, who has nobody to ask; `ConnectedWorkers` are several.

    Every method is called by all of them, in the same order.

    Attributes:
        count: Workers of the training.
        rank: The number of this one, from 0.

    Example:
        >>> Workers().is_chief, Workers().any(False)
        (True, False)
    """

    count: int = 1
    rank: int = 0

    @property
    def is_chief(self) -> bool:
        """Whether this one writes the run."""
        return self.rank == 0

    @property
    def batch_parts(self) -> BatchParts:
        """The part of each batch that this one trains on."""
        return BatchParts()

    def any(self, said: bool) -> bool:
        """Whether one of the workers says so; waits for all of them."""
        return said

    def wait(self) -> None:
        """Returns once every worker has come here."""
        self.any(False)

    def finish(self) -> None:
        """Returns once every worker has come to the end of the training, after which it may end its process."""

    def mean_gradients(self, gradients: Sequence[Any]) -> list[Any]:
        """The means of gradients over the workers, inside a training step; sparse ones stay sparse."""
        return list(gradients)

    def agree(self, variables: Sequence[Any], before: Sequence[Any]) -> None:
        """Sets variables to what they were before, and all that the workers have added to them since."""

    def check_equal(self, variables: Sequence[Any]) -> None:
        """Raises RunError where variables differ between the workers."""

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        """Raises RunError in the place of what TensorFlow says of a worker that is gone."""
        yield
