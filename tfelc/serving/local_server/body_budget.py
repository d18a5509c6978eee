"""How many bytes of bodies may be in memory at a time, those still arriving included."""

from __future__ import annotations

import threading
from types import TracebackType

import grpc

from tfelc.serving.local_server.serving_error import ServingError


class BodyBudget:
    """A number of bytes that all requests share.

    Args:
        limit: Bytes at a time.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._held = 0

    @property
    def held(self) -> int:
        """Bytes in memory now."""
        return self._held

    def share(self) -> BodyShare:
        """What one request takes; a context manager that gives it back."""
        return BodyShare(self)

    def take(self, size: int) -> None:
        """Takes so many bytes; raises ServingError with RESOURCE_EXHAUSTED when they are not there."""
        with self._lock:
            if self._held + size > self._limit:
                message = f"the bodies of other requests fill the {self._limit} bytes for bodies; try again later"
                raise ServingError(grpc.StatusCode.RESOURCE_EXHAUSTED, message)
            self._held += size

    def give(self, size: int) -> None:
        """Gives bytes back."""
        with self._lock:
            self._held -= size


class BodyShare:
    """What one request has taken from the budget.

    Args:
        budget: Where from.
    """

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self._taken = 0

    def take(self, size: int) -> None:
        """Takes so many bytes; raises ServingError when they are not there."""
        self._budget.take(size)
        self._taken += size

    def __enter__(self) -> BodyShare:
        """Returns itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Gives all of it back."""
        self._budget.give(self._taken)
