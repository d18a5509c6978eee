"""Sockets that give up when the time of the call is up, however the bytes come."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

from tfelc.serving.client.deadline import Deadline

_WRITTEN_AT_ONCE = 2**18


class DeadlineBackend(httpcore.NetworkBackend):
    """httpcore's sockets, with one deadline for all that a thread does until it has its answer.

    The timeouts of HTTP libraries are for each read: a server that sends a byte now and then is waited for forever.
    """

    def __init__(self) -> None:
        self._sockets = httpcore.SyncBackend()
        self._call = threading.local()

    @contextmanager
    def until(self, deadline: Deadline) -> Iterator[None]:
        """Holds what this thread does within the block to the deadline."""
        self._call.deadline = deadline
        try:
            yield
        finally:
            self._call.deadline = None

    def left(self) -> float | None:
        """Seconds that this thread has; raises httpcore.ReadTimeout when there are none."""
        deadline: Deadline | None = getattr(self._call, "deadline", None)
        if deadline is None:
            return None
        if (seconds := deadline.left()) <= 0:
            raise httpcore.ReadTimeout("the time is up")
        return seconds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connects."""
        stream = self._sockets.connect_tcp(host, port, self.left(), local_address, socket_options)
        return _DeadlineStream(stream, self)

    def sleep(self, seconds: float) -> None:
        """Sleeps."""
        self._sockets.sleep(seconds)


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, backend: DeadlineBackend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._backend.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITTEN_AT_ONCE):
            self._stream.write(buffer[start : start + _WRITTEN_AT_ONCE], self._backend.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._backend.left())
        return _DeadlineStream(stream, self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
