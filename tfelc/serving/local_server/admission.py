"""A bounded number of requests at work, and a bounded number waiting."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import grpc

from tfelc.serving.local_server.serving_error import ServingError

T = TypeVar("T")


class Admission(ThreadPoolExecutor):
    """The threads on which models run, for both protocols.

    gRPC hands its calls to the pool by itself, and asks `full` before. REST's come through `run`.

    Args:
        workers: Calls at work at once.
        queue: Calls that may wait; one more is refused.
    """

    def __init__(self, workers: int, queue: int) -> None:
        super().__init__(workers, thread_name_prefix="inference")
        self._limit = workers + queue
        self._counting = threading.Lock()
        self._admitted = 0

    @property
    def admitted(self) -> int:
        """Calls at work or waiting."""
        return self._admitted

    @property
    def full(self) -> bool:
        """Whether one more call is to be refused."""
        return self._admitted >= self._limit

    def refusal(self) -> ServingError:
        """What a call that is one too many is answered."""
        message = f"{self._limit} requests are at work or waiting; try again later"
        return ServingError(grpc.StatusCode.RESOURCE_EXHAUSTED, message)

    def submit(self, call: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        """Counts the call until it has ended or was dropped."""
        with self._counting:
            self._admitted += 1
        try:
            job = super().submit(call, *arguments, **named)
        except RuntimeError:  # shut down
            self._leave()
            raise
        job.add_done_callback(self._leave)
        return job

    async def run(self, call: Callable[[], T], timeout: float) -> T:
        """Runs `call` in its turn.

        Args:
            call: What to run.
            timeout: Seconds until the answer is of no use. A call that has not begun by then never does; one at work
                goes on, and keeps its place, but its answer is dropped.

        Raises:
            ServingError: RESOURCE_EXHAUSTED when too many wait, DEADLINE_EXCEEDED when the time is up, or whatever the
                call failed with.
        """
        if self.full:
            raise self.refusal()
        deadline = time.monotonic() + timeout

        def timed() -> T:
            if time.monotonic() > deadline:
                raise _late()
            return call()

        try:
            return await asyncio.wait_for(asyncio.wrap_future(self.submit(timed)), timeout)
        except TimeoutError:
            raise _late() from None
        except Exception as error:
            raise ServingError.of(error) from error

    def _leave(self, _: object = None) -> None:
        with self._counting:
            self._admitted -= 1


def _late() -> ServingError:
    return ServingError(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline exceeded")
