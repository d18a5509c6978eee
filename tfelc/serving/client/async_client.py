"""Either client for programs of `asyncio`."""

from __future__ import annotations

import asyncio
import functools
import inspect
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from tfelc.serving.client.client import Client

P = ParamSpec("P")
T = TypeVar("T")


def _awaited(
    method: Callable[Concatenate[Client, P], T],
) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]]:
    signature = inspect.signature(method)

    async def call(self: AsyncClient, /, *arguments: P.args, **named: P.kwargs) -> T:
        bound = signature.bind(self.client, *arguments, **named)
        given = bound.arguments.get("timeout")
        end = time.monotonic() + (self.client.timeout if given is None else given)

        def in_thread() -> T:
            # What the call waited for a thread is part of its time.
            bound.arguments["timeout"] = end - time.monotonic()
            return method(*bound.args, **bound.kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._threads, in_thread)

    functools.update_wrapper(call, method)
    return call


class AsyncClient:
    """The calls of a client, to be awaited: the same inputs, outputs, errors, retries and deadlines.

    Each call is made in a thread of its own, so that neither the wait nor the conversion of inputs holds the event
    loop. A call whose task is canceled ends unseen, within its time.

    Args:
        client: Client. A `RestClient` or `GrpcClient`; it is closed with this one.
        calls_at_once: int. Further calls wait for one of these to end, in their own time. Defaults to 32.

    Example:
        >>> from tfelc.serving.client.rest_client import RestClient
        >>> async def ask() -> None:
        ...     async with AsyncClient(RestClient("http://127.0.0.1:8501", "ranker")) as client:
        ...         calls = [client.rank({"age": 31.0}, {"video_id": [video]}) for video in ("v1", "v2")]
        ...         print(await asyncio.gather(*calls))
    """

    def __init__(self, client: Client, calls_at_once: int = 32) -> None:
        self.client = client
        self._threads = ThreadPoolExecutor(calls_at_once, thread_name_prefix="tfelc-client")

    predict = _awaited(Client.predict)
    rank = _awaited(Client.rank)
    recommend = _awaited(Client.recommend)
    status = _awaited(Client.status)

    async def close(self) -> None:
        """Waits for the calls under way, and closes the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        self.client.close()

    async def __aenter__(self) -> Self:
        """Returns itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """As `close`."""
        await self.close()
