"""A bounded number of requests at work, a bounded number waiting, each with a deadline."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import grpc

from serving.local_server.serving_error import ServingError

T = TypeVar("T")


class Admission:
    """Runs calls on a pool of threads, for callers in an event loop.

    Args:
        workers: Calls at work at once.
        queue: Calls that may wait; one more is refused.
    """

    def __init__(self, workers: int, queue: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="inference")
        self._limit = workers + queue
        self._lock = threading.Lock()
        self._admitted = 0

    @property
    def admitted(self) -> int:
        """Calls at work or waiting."""
        return self._admitted

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
        with self._lock:
            if self._admitted >= self._limit:
                raise ServingError(
                    grpc.StatusCode.RESOURCE_EXHAUSTED,
                    f"{self._limit} requests are at work or waiting; try again later",
                )
            self._admitted += 1
        deadline = time.monotonic() + timeout

        def timed() -> T:
            if time.monotonic() > deadline:
                raise _late()
            return call()

        job: Future[T] = self._pool.submit(timed)
        job.add_done_callback(self._leave)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(job), timeout)
        except TimeoutError:
            raise _late() from None
        except Exception as error:
            raise ServingError.of(error) from error

    def close(self) -> None:
        """Drops what waits and lets what is at work end."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _leave(self, _: object) -> None:
        with self._lock:
            self._admitted -= 1


def _late() -> ServingError:
    return ServingError(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline exceeded")
